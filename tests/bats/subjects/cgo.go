/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Go with C in it: two runtimes map memory in one process, and Go's own system
 * calls stand in the program, not in libc. Goroutines allocate, C threads come
 * and go, a file is mapped by Go's raw system call. Prints sums that depend on
 * nothing but its argument, the rounds.
 */
package main

/*
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *in_thread(void *arg)
{
	char *block = malloc(300000);
	long *sum = arg;

	memset(block, 1, 300000);
	*sum += block[1234];
	free(block);
	return NULL;
}

static long threads(int n)
{
	long sum = 0;
	pthread_t t;

	for (int i = 0; i < n; i++) {
		if (pthread_create(&t, NULL, in_thread, &sum))
			return -1;
		pthread_join(t, NULL);
	}
	return sum;
}

static long map_in_c(int pages)
{
	size_t length = pages * 4096;
	char *p = mmap(NULL, length, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	p[length - 1] = 1;
	mprotect(p + 4096, 4096, PROT_READ);
	munmap(p, length);
	return pages;
}
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
)

func garbage(rounds int) int {
	sum := 0
	for i := 0; i < rounds; i++ {
		block := make([]byte, 400000)
		block[i] = 1
		sum += int(block[i]) + len(make([]*int, 1000))
		if i%20 == 0 {
			runtime.GC()
		}
	}
	return sum
}

func mapped(rounds int) int {
	f, err := os.CreateTemp("", "cgo")
	if err != nil {
		panic(err)
	}
	defer os.Remove(f.Name())
	f.Truncate(1 << 20)
	sum := 0
	for i := 0; i < rounds; i++ {
		b, err := syscall.Mmap(int(f.Fd()), int64(i%8)*4096, 65536,
			syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
		if err != nil {
			panic(err)
		}
		b[i] = 2
		sum += int(b[i])
		syscall.Munmap(b)
	}
	return sum
}

func main() {
	rounds, _ := strconv.Atoi(os.Args[1])
	sums := make([]int, 8)
	var wait sync.WaitGroup
	for g := range sums {
		wait.Add(1)
		go func(g int) {
			defer wait.Done()
			sums[g] = garbage(rounds)
			sums[g] += int(C.threads(C.int(rounds)))
			sums[g] += int(C.map_in_c(C.int(g + 3)))
		}(g)
	}
	total := mapped(rounds)
	wait.Wait()
	for _, sum := range sums {
		total += sum
	}
	fmt.Println(total)
}
