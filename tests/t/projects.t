#!/usr/bin/perl

# Projects, labels and the policy of a class; what two requests at once may
# not break; what a deletion removes.

use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;

use ApiTrial;

binmode Test::More->builder->$_, ':utf8' for 'output', 'failure_output';

my $t = ApiTrial->new;
my $class = 'aclass';

sub caller_of {
    my ($role) = @_;
    my $user = ApiTrial::user();
    return ($user, $t->token($user, $role // 'student', $class),
            ApiTrial::student($class, $user, '/projects'));
}

sub fails {
    my ($r, $status, $error, $name) = @_;
    is $r->{status}, $status, $name // $error;
    is $r->{json}{error}, $error, '... in words';
}

my ($user, $token, $list) = caller_of();
my %text = (type => 'text', name => 'p', language => 'en');

# ---- names

for my $name ('x', 'x' x 36, "\x{25a0}", "caf\x{e9}", ' ') {
    my $r = $t->api('POST', $list, $token, { %text, name => $name });
    is $r->{status}, 201, "name: $name";
    is $r->{json}{name}, $name, '... as it was sent';
    is $t->api('GET', "$list/$r->{json}{id}", $token)->{json}{name}, $name,
       '... and stored';
    is $t->api('DELETE', "$list/$r->{json}{id}", $token)->{status}, 204,
       '... and removed';
}

for my $name ('x' x 37, "a\tb", "a\x{0}b", "\x{25a1}", '日本語', "\x{1f600}",
              ['a'], 5, { a => 1 })
{
    fails $t->api('POST', $list, $token, { %text, name => $name }), 400,
          'Invalid project name', 'no name: ' . (ref $name || $name);
}
fails $t->api('POST', $list, $token, { %text, name => $_ }), 400,
      'Missing required field' for '', undef, 0;
fails $t->api('POST', $list, $token, { %text, type => $_ }), 400,
      'Missing required field', 'odd type' for ['text'], {}, 5, '';
fails $t->api('POST', $list, $token, { %text, language => ['en'] }), 400,
      'Language not supported';
fails $t->api('POST', $list, $token, { %text, fields => [{}] }), 400,
      'Fields not supported for non-numbers projects';
fails $t->api('POST', $list, $token,
              { type => 'text', dataset => 'a', testratio => 101 }), 400,
      'Test ratio must be an integer between 0 and 100';
fails $t->api('POST', $list, $token, { type => 'text', dataset => '../x' }),
      400, 'The requested dataset ID is not valid';
is_deeply $t->api('GET', $list, $token)->{json}, [], 'nothing was stored';

# ---- the limit, also for many requests at once

my @r = $t->parallel(12, sub {
    $t->api('POST', $list, $token, { %text, name => "p$_[0]" }) });
is scalar(grep { $_->{status} == 201 } @r), 3, 'three of twelve are made';
is scalar(grep { $_->{status} == 409 } @r), 9, 'the others are refused';
is scalar @{ $t->api('GET', $list, $token)->{json} }, 3, 'three are there';

# ---- fields keep their order

my ($nuser, $ntoken, $nlist) = caller_of();
my @names = map { "f$_" } 1 .. 10;
my $r = $t->api('POST', $nlist, $ntoken, { type => 'numbers', name => 'n',
    fields => [map { { name => $_, type => $_ eq 'f5' ? 'multichoice'
                                                      : 'number',
                       choices => [' big ', 'small'] } } @names] });
is $r->{status}, 201, 'ten fields';
is $r->{json}{numfields}, 10, '... counted';
is_deeply $r->{json}{fields}[4]{choices}, ['big', 'small'], '... trimmed';
$r = $t->api('GET', "$nlist/$r->{json}{id}/fields", $ntoken);
is_deeply [map { $_->{name} } @{ $r->{json} }], \@names, '... in order';
is_deeply $r->{json}[4]{choices}, ['big', 'small'], '... with choices';
is_deeply $r->{json}[3]{choices}, [], '... or without';

# ---- labels

my ($luser, $ltoken, $llist) = caller_of();
my $id = $t->api('POST', $llist, $ltoken, \%text)->{json}{id};
my $project = "$llist/$id";

sub label {
    my ($op, $value) = @_;
    return $t->api('PATCH', $project, $ltoken,
                   [{ op => $op, path => '/labels', value => $value }]);
}

is_deeply label('add', '  my label! ')->{json}, ['my_label_'], 'normalised';
is_deeply label('add', 'MY LABEL?')->{json}, ['my_label_'], 'the same again';
is_deeply label('add', "\x{e9}t\x{e9}")->{json}, ['my_label_', '_t_'],
          'other letters';
is_deeply label('replace', [' a ', '', 'b,c', 5])->{json},
          ['a', 'b', 'c', '5'], 'replaced as given';
is_deeply label('remove', 'nosuch')->{json}, ['a', 'b', 'c', '5'],
          'removing what is not there';
fails label('replace', [map { "label-number-$_-abcdefghijklm" } 10 .. 40]),
      400, 'No room for the label';
fails label('replace', [{}]), 400,
      'PATCH requests to replace labels should specify an array';
is label('add', "a\x{0}b")->{status}, 200, 'no NUL reaches the database';

is label('replace', [])->{status}, 200, 'empty list';
@r = $t->parallel(12, sub { label('add', "l$_[0]") });
is scalar(grep { $_->{status} == 200 } @r), 12, 'twelve labels at once';
is_deeply [sort @{ $t->api('GET', $project, $ltoken)->{json}{labels} }],
          [sort map { "l$_" } 0 .. 11], 'none is lost';

# ---- counts, renaming, removing

$t->api('POST', "$project/training", $ltoken, { data => $_, label => 'l1' })
    for 'one', 'two';
$t->api('POST', "$project/training", $ltoken, { data => 'x', label => 'zz' });
is $t->api('GET', "$project/labels", $ltoken)->{json}{l1}, 2, 'counted';
$r = $t->api('PUT', "$project/labels", $ltoken,
             { before => 'l1', after => 'l2' });
is "$r->{status} $r->{content}", '200 OK', 'renamed';
$r = $t->api('GET', "$project/labels", $ltoken)->{json};
is "$r->{l1} $r->{l2}", '0 2', '... all items';
is $r->{zz}, undef, 'labels outside the list are not counted';
label('remove', 'l2');
is scalar @{ $t->api('GET', "$project/training", $ltoken)->{json} }, 1,
   'a label takes its items along';
fails $t->api('PUT', "$project/labels", $ltoken, $_), 400, 'Missing data'
    for {}, { before => 'a' }, { before => '', after => 'x' },
        { before => 'a', after => ['b'] }, [];

# ---- deletion: every table

my @tables = map { "mlforkidsdb.$_" } qw(numbersprojectsfields texttraining
    numbertraining imagetraining soundtraining bluemixclassifiers
    taxinoclassifiers scratchkeys mlforkids_textmodels);

$t->sql('app', "SET search_path TO mlforkidsdb",
    "INSERT INTO numbersprojectsfields VALUES ('f', 'u', 'c', '$id', 'n', 1)",
    "INSERT INTO numbertraining VALUES ('n', '$id', '1')",
    "INSERT INTO imagetraining VALUES ('i', '$id', 'http://x')",
    "INSERT INTO soundtraining VALUES ('s', '$id')",
    "INSERT INTO bluemixclassifiers VALUES ('b', 'c', 'u', '$id', 'c', 'conv',
        'w', 'u', 'n', 'en', now(), now())",
    "INSERT INTO taxinoclassifiers VALUES ('$id', 'u', 'c', 'http://x')",
    "INSERT INTO scratchkeys (id, projectname, projecttype, projectid, userid,
        classid) VALUES ('k', 'n', 'text', '$id', 'u', 'c')",
    "INSERT INTO mlforkids_textmodels VALUES ('$id', 'm', 'u', 'c', 'n', 'en',
        'Training', NULL, now(), now(), now())",
    "INSERT INTO mlforkids_jobs (kind, subject) VALUES ('text', '$id')");

is $t->api('DELETE', $project, $ltoken)->{status}, 204, 'deleted';
is $t->sql('app', "SELECT count(*) FROM $_ WHERE projectid = '$id'"), "0\n",
   "nothing in $_" for @tables;
is $t->sql('app', "SELECT count(*) FROM mlforkidsdb.mlforkids_jobs
                   WHERE subject = '$id'"), "0\n", 'no job waits for it';
is $t->sql('app', 'SELECT count(*) FROM mlforkidsdb.pendingjobs'), "0\n",
   'texts have no stored objects';

my ($suser, $stoken, $slist) = caller_of();
my $sound = $t->api('POST', $slist, $stoken,
                    { type => 'sounds', name => 's' })->{json};
is_deeply $sound->{labels}, [], 'the label of sounds is not told';
is_deeply $t->api('GET', "$slist/$sound->{id}", $stoken)->{json}{labels},
          ['_background_noise_'], 'but stored';
is $t->api('DELETE', "$slist/$sound->{id}", $stoken)->{status}, 204,
   'sounds deleted';
like $t->sql('app', "SELECT jobdata FROM mlforkidsdb.pendingjobs
                     WHERE jobtype = 2"), qr/\Q$sound->{id}\E/,
     'their objects are to be removed';

# ---- policy

my ($teacher, $ttoken) = caller_of('supervisor');
my $policy = "/api/classes/$class/policy";

$r = $t->api('GET', $policy, $token);
is $r->{headers}{'cache-control'}, 'max-age=3600', 'a student may keep it';
is_deeply $r->{json}, { supportedProjectTypes =>
                        ['text', 'imgtfjs', 'numbers', 'sounds'] }, 'types';
$r = $t->api('GET', $policy, $ttoken);
is $r->{headers}{'cache-control'}, undef, 'a teacher may not';
is $r->{json}{textClassifierExpiry}, 24, 'default';
is $t->api('PATCH', $policy, $ttoken, [{ op => 'replace',
    path => '/textClassifierExpiry', value => 100 }])->{status}, 200, 'change';
is $t->api('GET', $policy, $ttoken)->{json}{textClassifierExpiry}, 100,
   'changed';
$t->sql('app', "INSERT INTO mlforkidsdb.bluemixcredentials VALUES
    ('1', '$class', 'conv', 'u', 'u', 'p', 2),
    ('2', '$class', 'conv', 'u', 'u', 'p', 1)");
is $t->api('GET', $policy, $ttoken)->{json}{maxTextModels}, 25,
   'models by credentials';
$t->sql('app', "UPDATE mlforkidsdb.tenants SET ismanaged = 2
                WHERE id = '$class'");
is $t->api('GET', $policy, $ttoken)->{json}{maxTextModels}, 0,
   'none of their own for pool classes';

is $t->clean, '', 'nothing alarming was logged';

done_testing;
