# SPDX-License-Identifier: GPL-2.0-or-later
# perl forks.pl ROUNDS: children that allocate and end, pipes from programs,
# programs that are not there. Prints a sum that depends on ROUNDS alone.
use strict;
use warnings;

my ($rounds) = @ARGV;
my ($sum, @kept) = (0);

for my $i (1 .. $rounds) {
	push @kept, "x" x (150_000 + $i);
	@kept = () if @kept > 80;
	my $child = fork // die "fork: $!";
	if (!$child) {
		my @own = map { "y" x 180_000 } 1 .. 10;
		exit(@own + $i % 7);
	}
	$sum += `echo $i` if $i % 3 == 0;
	no warnings 'exec';
	$sum += system('/nowhere/nothing') if $i % 9 == 0;
	waitpid $child, 0;
	$sum += $? >> 8;
}
print "$sum\n";
