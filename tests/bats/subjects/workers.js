/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Node with worker threads: each an isolate of its own with heap, JIT code and
 * WebAssembly memory that grows; buffers shared between them and given away.
 * Prints sums that depend on nothing but its argument, the workers.
 */
'use strict';
const { Worker, isMainThread, workerData, parentPort } =
	require('worker_threads');

/* A module of no functions with one memory of 1 to 64 pages. */
const WASM = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
	5, 4, 1, 1, 1, 64, 7, 5, 1, 1, 0x6d, 2, 0]);

function memory()
{
	const m = new WebAssembly.Instance(new WebAssembly.Module(WASM)).exports.m;
	for (let i = 0; i < 20; i++)
		m.grow(1);
	new Uint8Array(m.buffer)[20 * 65536] = 1;
	return m.buffer.byteLength;
}

function garbage(n)
{
	let sum = 0;
	for (let i = 0; i < n; i++) {
		const b = new Uint8Array(1 << 20);
		b[i] = 1;
		sum += b[i] + Array.from({ length: 2000 }, (_, k) => ({ k })).length;
	}
	return sum;
}

function hot(n)
{
	const f = new Function('x', 'return x * 3 + ' + n);
	let sum = 0;
	for (let i = 0; i < 200000; i++)
		sum = (sum + f(i)) % 1000003;
	return sum;
}

if (isMainThread) {
	const count = Number(process.argv[2]);
	const shared = new Int32Array(new SharedArrayBuffer(4096));
	let done = 0, sum = 0;
	for (let i = 0; i < count; i++) {
		const w = new Worker(__filename, { workerData: { i, shared } });
		w.on('message', (m) => { sum += m.sum + m.block.byteLength; });
		w.on('exit', () => {
			if (++done == count)
				console.log(sum + garbage(20), shared[0]);
		});
	}
} else {
	const { i, shared } = workerData;
	const block = new ArrayBuffer(2 << 20);
	const sum = memory() + garbage(30) + hot(i);
	Atomics.add(shared, 0, 1);
	parentPort.postMessage({ sum, block }, [block]);
}
