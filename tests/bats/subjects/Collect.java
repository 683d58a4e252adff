/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a Java program does to an address space: a heap that grows and is
 * collected, files mapped and let go, threads, faults that become exceptions,
 * and methods hot enough to be compiled. Prints sums that depend on nothing but
 * its argument, the rounds.
 */
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

class Collect {
	static final int FILE_BYTES = 3 << 20;

	static class Node {
		Node next;
		int value = 1;
	}

	/* The null check is a load that faults: the VM's SIGSEGV handler. */
	static int valueOf(Node node) {
		return node.value;
	}

	static long faults(int rounds) {
		long caught = 0;
		Node some = new Node();
		for (int i = 0; i < rounds * 2000; i++) {
			try {
				caught += valueOf(i % 50 == 7 ? null : some) - 1;
			} catch (NullPointerException e) {
				caught++;
			}
		}
		return caught;
	}

	static long garbage(int rounds) {
		long sum = 0;
		List<byte[]> kept = new ArrayList<>();
		for (int i = 0; i < rounds * 40; i++) {
			byte[] block = new byte[300_000];
			block[i % block.length] = (byte) i;
			if (i % 4 == 0)
				kept.add(block);
			if (kept.size() > 60)
				kept.clear();
			sum += block[i % block.length];
			if (i % 400 == 0)
				System.gc();
		}
		return sum;
	}

	static long mapped(Path file, int rounds) throws IOException {
		long sum = 0;
		try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw");
				FileChannel channel = f.getChannel()) {
			f.setLength(FILE_BYTES);
			for (int i = 0; i < rounds; i++) {
				MappedByteBuffer map = channel.map(
					FileChannel.MapMode.READ_WRITE,
					(i % 16) * 4096L, FILE_BYTES / 2);
				map.put(i * 100, (byte) 3);
				sum += map.get(i * 100);
				if (i % 10 == 0)
					map.force();
				ByteBuffer direct = ByteBuffer.allocateDirect(1 << 20);
				direct.putInt(8, i);
				sum += direct.getInt(8);
			}
		}
		return sum;
	}

	static int depth(int n) {
		return depth(n + 1) + 1;
	}

	/* The guard pages of a stack: a fault, mprotect, an exception, mprotect. */
	static int overflow() {
		int overflows = 0;
		for (int i = 0; i < 3; i++) {
			try {
				depth(0);
			} catch (StackOverflowError e) {
				overflows++;
			}
		}
		return overflows;
	}

	public static void main(String[] args) throws Exception {
		int rounds = Integer.parseInt(args[0]);
		Path file = Files.createTempFile("collect", ".map");
		long[] sums = new long[4];
		Thread[] threads = new Thread[4];
		for (int t = 0; t < threads.length; t++) {
			final int me = t;
			threads[t] = new Thread(() -> sums[me] = garbage(rounds));
			threads[t].start();
		}
		long fromFile = mapped(file, rounds);
		long caught = faults(rounds);
		for (Thread t : threads)
			t.join();
		for (int i = 0; i < rounds; i++) {
			Thread t = new Thread(() -> sums[0]++);
			t.start();
			t.join();
		}
		Files.delete(file);
		System.out.println(fromFile + " " + caught + " " + overflow() + " "
			+ (sums[0] + sums[1] + sums[2] + sums[3]));
	}
}
