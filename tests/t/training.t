#!/usr/bin/perl

# Training items: texts and numbers, pages, limits under load, deletion.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;

use ApiTrial;

my $t = ApiTrial->new;

sub project {
    my (%project) = @_;
    my $user = ApiTrial::user();
    my $token = $t->token($user, 'student', 'aclass');
    my $list = ApiTrial::student('aclass', $user, '/projects');
    my $r = $t->api('POST', $list, $token, { name => 'p', %project });
    die "no project: $r->{content}" if $r->{status} != 201;
    return ("$list/$r->{json}{id}", $token, $r->{json}{id});
}

sub fails {
    my ($r, $status, $error, $name) = @_;
    is $r->{status}, $status, $name // $error;
    is $r->{json}{error}, $error, '... in words' if defined $error;
}

# ---- texts

my ($project, $token, $id) = project(type => 'text', language => 'en');
my $items = "$project/training";

sub add {
    my ($data, $label) = @_;
    return $t->api('POST', $items, $token, { data => $data, label => $label });
}

my $r = add("\x{a0} a\tb\nc\x{3000}", 'x');
is $r->{status}, 201, 'stored';
is $r->{json}{textdata}, 'a b c', 'trimmed, on one line';
is $r->{json}{projectid}, $id, '... with its project';

is add('é' x 1024, 'x')->{status}, 201, '1024 characters';
is add("\x{1f600}" x 512, 'x')->{status}, 201, '512 smileys';
fails add($_, 'x'), 400,
      'Text exceeds maximum allowed length (1024 characters)'
    for 'x' x 1025, "\x{1f600}" x 513;
fails add(" \x{2003}\t", 'x'), 400, 'Empty text is not allowed';
fails add($_, 'x'), 400, 'Missing data', 'no text'
    for '', undef, 0, 5, ['a'], { a => 1 }, "a\x{0}b", \1;
fails add('x', 'l' x 101), 400, 'Missing data', 'a label too long';
fails add('x', ['l']), 400, 'Missing data', 'no label';
is add("Robert'); DROP TABLE texttraining;--", "\\'")->{status}, 201,
   'quotes are harmless';

is scalar @{ $t->api('GET', $items, $token)->{json} }, 4, 'four are stored';
is $t->api('DELETE', "$items/$r->{json}{id}", $token)->{status}, 204,
   'deleted';
is $t->api('DELETE', "$items/$_", $token)->{status}, 204, "delete $_"
    for $r->{json}{id}, 'nosuch', '%27';

# an item of another project stays
my ($other, $otoken) = project(type => 'text', language => 'en');
my $foreign = $t->api('POST', "$other/training", $otoken,
                      { data => 'mine', label => 'a' })->{json}{id};
is $t->api('DELETE', "$items/$foreign", $token)->{status}, 204,
   'of another project';
is scalar @{ $t->api('GET', "$other/training", $otoken)->{json} }, 1,
   '... is still there';

# ---- the limit, under load

my ($full, $ftoken, $fid) = project(type => 'text', language => 'en');

$t->sql('app', "INSERT INTO mlforkidsdb.texttraining
    SELECT lpad(i::text, 36, '0'), '$fid', 'text ' || i, 'a'
    FROM generate_series(1, 495) i");
my @r = $t->parallel(15, sub {
    $t->api('POST', "$full/training", $ftoken, { data => "t$_[0]" }) });
is scalar(grep { $_->{status} == 201 } @r), 5, 'five find room';
is scalar(grep { $_->{status} == 409 } @r), 10, 'ten do not';
fails $t->api('POST', "$full/training", $ftoken, { data => 'x' }), 409,
      'Project already has maximum allowed amount of training data';

# ---- pages

my %page = ('' => '0-49/500', 'items=0-9' => '0-9/500',
            'items=495-600' => '495-499/500', 'items=500-509' => '500-499/500',
            'items=9-0' => '9-8/500', 'items=7-' => '7-6/500',
            'items=-5' => '0--1/500', 'items=0-1,4-5' => '0--1/500',
            'items=a-b' => '0-49/500', 'bytes=0-4' => '0-49/500',
            'items=0-99999999999999999999' => '0-49/500',
            'items=0-3000' => '0-499/500');

for my $range (sort keys %page) {
    $r = $t->api('GET', "$full/training", $ftoken, undef,
                 length $range ? (range => $range) : ());
    is $r->{status}, 200, "range $range";
    is $r->{headers}{'content-range'}, "items $page{$range}", '... told';
    my ($from, $to) = $page{$range} =~ /^(\d+)-(-?\d+)/;
    is scalar @{ $r->{json} }, $to - $from + 1, '... and given';
}

$r = $t->api('GET', "$full/training", $ftoken, undef,
             range => 'items=490-500');
is_deeply [map { $_->{label} } @{ $r->{json} }], [('a') x 5, (undef) x 5],
          'without a label they come last';
ok !exists $r->{json}[9]{label}, '... and have none';

# ---- deletion while others add

@r = $t->parallel(16, sub {
    my ($i) = @_;
    return $t->api('DELETE', $other, $otoken) if $i == 7;
    return $t->api('POST', "$other/training", $otoken, { data => "x$i" });
});
is scalar(grep { $_->{status} !~ /^20[14]$|^404$/ } @r), 0,
   'added, or no project any more';
(my $oid = $other) =~ s{.*/}{};
is $t->sql('app', "SELECT count(*) FROM mlforkidsdb.texttraining
                   WHERE projectid = '$oid'"), "0\n", 'nothing is left behind';

# ---- numbers

($project, $token) = project(type => 'numbers', fields =>
    [{ name => 'a', type => 'number' }, { name => 'b', type => 'number' }]);
$items = "$project/training";

my @good = ([1, 2.5], [-0.1, 1e21], ['3', ' 4.5 '], ['-1e3', 0],
            [3.4e38, -3.4e38]);
is add($_, 'x')->{status}, 201, "numbers @$_" for @good;
$r = $t->api('GET', $items, $token);
is_deeply [map { $_->{numberdata} } sort { $a->{id} cmp $b->{id} }
           @{ $r->{json} }],
          [[1, 2.5], [-0.1, 1e21], [3, 4.5], [-1000, 0], [3.4e38, -3.4e38]],
          'read as they were sent';
fails add($_, 'x'), 400, 'Missing data', 'wrong number of numbers'
    for [1], [1, 2, 3], [], 'abc', 5, { a => 1 };
fails add($_, 'x'), 400, 'Data contains non-numeric items'
    for [1, 'x'], [1, ''], [1, undef], [1, \1], [1, [2]], [1, '1 2'],
        [1, 'nan'], [1, 'inf'], [1, '--1'];
fails add([1, 3.5e38], 'x'), 400, 'Number is too big';
fails add([1, -3.5e38], 'x'), 400, 'Number is too small';
fails add([1, '1e999'], 'x'), 400, 'Number is too big';

is $t->clean, '', 'nothing alarming was logged';

done_testing;
