/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rust: threads, big allocations that grow (mremap), a panic that is caught, and
 * children. Prints sums that depend on nothing but its argument, the rounds.
 */
use std::process::Command;
use std::sync::mpsc;
use std::thread;

fn garbage(rounds: usize) -> usize {
	let mut sum = 0;
	for i in 0..rounds {
		let mut block: Vec<u8> = Vec::new();
		while block.len() < 1 << 20 {
			block.extend_from_slice(&[i as u8; 4096]);
		}
		sum += block.iter().step_by(4096).map(|b| *b as usize).sum::<usize>();
		let zero = vec![0u64; 100_000 + i];
		sum += zero.len();
	}
	sum
}

fn caught(rounds: usize) -> usize {
	std::panic::set_hook(Box::new(|_| {}));
	(0..rounds)
		.filter(|i| {
			let i = *i;
			std::panic::catch_unwind(move || {
				let v = vec![1, 2, 3];
				v[i % 4]
			})
			.is_err()
		})
		.count()
}

fn children(rounds: usize) -> usize {
	(0..rounds)
		.map(|i| {
			let out = Command::new("echo").arg(i.to_string()).output();
			String::from_utf8(out.unwrap().stdout)
				.unwrap()
				.trim()
				.parse::<usize>()
				.unwrap()
		})
		.sum()
}

fn main() {
	let rounds: usize = std::env::args().nth(1).unwrap().parse().unwrap();
	let (tx, rx) = mpsc::channel();
	for _ in 0..6 {
		let tx = tx.clone();
		thread::spawn(move || tx.send(garbage(rounds)).unwrap());
	}
	drop(tx);
	let mut total: usize = rx.iter().sum();
	for _ in 0..rounds {
		total += thread::spawn(|| vec![1u8; 500_000].len()).join().unwrap();
	}
	println!("{} {} {}", total, caught(rounds), children(rounds / 4));
}
