#!/usr/bin/perl

# The house style, as far as a program can see it: sizes of files and
# functions, columns, braces, headers, and words that do not belong into a
# tree that others will read.

use strict;
use warnings;

use Test::More;

my $FILE_LINES     = 800;
my $FUNCTION_LINES = 80;
my $COLUMNS        = 80;

my @files = split /\0/, qx(git ls-files -z --cached --others --exclude-standard);
@files or BAIL_OUT('no list of files: is this a checkout?');

my @c = grep { m{^(ngx_mlforkids_module|workers|tests/(unit|fuzz))/.*\.[ch]$} }
    @files;
my @code = grep {
    m{\.(c|h|js|jsx|mjs|css|pl|pm|t|sh)$} || m{^(auto|\.ci)/}
} @files;


# A file's lines without their ends; none for what is gone from the work tree.
sub lines_of {
    my ($file) = @_;

    open my $in, '<:raw', $file or return;
    chomp(my @lines = <$in>);

    return @lines;
}

# One test a rule: the places that break it are in its name's diagnosis.
sub rule {
    my ($name, $files, $broken) = @_;
    my @places = map { $broken->($_, lines_of($_)) } @$files;

    ok(!@places, $name) or diag(join "\n", @places);
}

# Places of the lines that match.
sub matching {
    my ($pattern) = @_;

    return sub {
        my ($file, @lines) = @_;
        return map { $lines[$_] =~ $pattern ? "$file:" . ($_ + 1) : () }
            0 .. $#lines;
    };
}

# A function begins with a brace in the first column and ends with one.
sub long_functions {
    my ($file, @lines) = @_;
    my ($start, @long);

    for my $i (0 .. $#lines) {
        if ($lines[$i] eq '{') {
            $start = $i;
        } elsif ($lines[$i] eq '}' && defined $start) {
            push @long, "$file:" . ($start + 1)
                if $i - $start - 1 > $FUNCTION_LINES;
            undef $start;
        }
    }

    return @long;
}

sub branches_without_brace {
    my ($file, @lines) = @_;
    my @places;

    for my $i (0 .. $#lines) {
        # a condition that ends on its line and has its statement there or
        # below it
        next if $lines[$i] !~ /^\s*(?:\}\s*else\s+)?(?:if|for|while)\s*(\(.*)$/;
        my $rest = $1;
        my $open = 0;
        my $end;

        for my $at (0 .. length($rest) - 1) {
            my $char = substr $rest, $at, 1;
            $open++ if $char eq '(';
            $open-- if $char eq ')';
            if ($open == 0) {
                $end = $at;
                last;
            }
        }
        next if !defined $end;

        my $after = substr $rest, $end + 1;
        $after =~ s{/\*.*}{};
        next if $after =~ /\{/;
        next if $after =~ /^\s*;/;                  # do { } while (...);
        next if $after =~ /^\s*$/ && ($lines[$i + 1] // '') =~ /^\s*\{/;
        push @places, "$file:" . ($i + 1);
    }

    return @places;
}


rule('functions end within 80 lines', \@c, \&long_functions);

rule('files end within 800 lines', \@code,
    sub { my ($file, @lines) = @_; @lines > $FILE_LINES ? $file : () });

rule('C within 80 columns', \@c, sub {
    my ($file, @lines) = @_;
    return map {
        my $line = $lines[$_];
        utf8::decode($line);
        length($line) > $COLUMNS ? "$file:" . ($_ + 1) : ()
    } 0 .. $#lines;
});

rule('no tabs in C', \@c, matching(qr/\t/));

rule('no blanks at the end of a line',
    [grep { !m{/corpus/|\.svg$} } @code], matching(qr/[ \t\r]$/));

rule('every branch has braces', \@c, \&branches_without_brace);

rule('comments of C are /* */', \@c, matching(qr{^\s*//}));

rule('core/ and workers/ know nothing of nginx',
    [grep { m{^(ngx_mlforkids_module/core|workers)/} } @c],
    matching(qr/^\s*#\s*include\s*[<"].*ngx_/));

rule('handlers call libraries only through the module',
    [grep { m{^ngx_mlforkids_module/handlers/} } @c],
    matching(qr/^\s*#\s*include\s*<(libpq|openssl|yajl)/));

# put together here, so that this file does not hold what it looks for
my $later = join '|', map { join '', @$_ }
    ['TO', 'DO'], ['FIX', 'ME'], ['X', 'XX'], ['HA', 'CK'];
rule('nothing is left for later', \@code, matching(qr/\b(?:$later)\b/));

rule('tests do not sleep for a fixed time',
    [grep { m{^tests/} && /\.(t|pm|mjs)$/ } @code],
    matching(qr/^\s*(?:sleep|usleep)\s*\(?\s*\d+\s*\)?\s*;/));

done_testing();
