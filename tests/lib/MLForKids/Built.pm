package MLForKids::Built;

# What the tests run: build/, or the folder of auto/test --sanitize, whose
# programs are slower and report what they see to standard error.

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT_OK = qw($BUILT patient reports);

# the folder in the checkout
our $BUILT = $ENV{MLFORKIDS_BUILD} || 'build';

# seconds to wait for something at most, from those that suffice for build/
sub patient {
    my ($seconds) = @_;
    return $seconds * ($ENV{MLFORKIDS_PATIENCE} || 1);
}

# lines of a log that are a sanitizer's
sub reports {
    my ($text) = @_;
    return grep { /Sanitizer|runtime error:/ } split /\n/, $text;
}

1;
