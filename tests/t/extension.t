#!/usr/bin/perl

# The Scratch blocks of text projects, run by Node in a bare context.

use strict;
use warnings;

use FindBin;

exec 'node', '--test', '--test-reporter=tap',
    "$FindBin::Bin/../browser/extension.test.mjs"
    or die "cannot run node: $!\n";
