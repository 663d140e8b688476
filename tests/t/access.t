#!/usr/bin/perl

# Who may do what (contract/auth.md 5), on every endpoint of the table: the
# order of the checks, classes, roles, owners, shared projects.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;

use ApiTrial;

my $t = ApiTrial->new;

my ($owner, $mate, $teacher, $stranger, $admin)
    = map { ApiTrial::user() } 1 .. 5;

my %token = (
    owner    => $t->token($owner, 'student', 'aclass'),
    mate     => $t->token($mate, 'student', 'aclass'),
    teacher  => $t->token($teacher, 'supervisor', 'aclass'),
    stranger => $t->token($stranger, 'supervisor', 'other'),
    admin    => $t->token($admin, 'siteadmin', 'aclass'),
    norole   => $t->token($owner, undef, 'aclass'),
    noclass  => $t->token($owner, 'student', undef),
    bigclass => $t->token($owner, 'student', 'AClass'));

sub status {
    my ($who, $method, $path, $body) = @_;
    $body = {} if !defined $body && $method ne 'GET' && $method ne 'DELETE';
    return $t->api($method, $path, $who ? $token{$who} : undef, $body);
}

sub said {
    my ($r) = @_;
    my $json = ref $r->{json} eq 'HASH' ? $r->{json} : {};
    return "$r->{status} " . ($json->{error} // '');
}

my $class = '/api/classes/aclass';
my %word = (401 => '401 Not authorised', 403 => '403 Invalid access',
            super => '403 Only supervisors are allowed to invoke this',
            admin => '403 Forbidden', 404 => '404 Not found');

# ---- endpoints of teachers

for my $row (['PATCH', '/policy'], ['PATCH', ''], ['DELETE', '?confirm=true'],
             ['GET', '/students'], ['POST', '/students'], ['PUT', '/students'],
             ['PATCH', '/students'], ['DELETE', '/students/x'],
             ['POST', '/students/x/password'], ['GET', '/passwords'],
             ['GET', '/projects'], ['GET', '/credentials'],
             ['POST', '/credentials'], ['GET', '/credentials/x'],
             ['PATCH', '/credentials/x'], ['DELETE', '/credentials/x'],
             ['GET', '/classifiers'], ['DELETE', '/classifiers/x'])
{
    my ($method, $path) = @$row;
    my $name = "$method $path";
    $path = $class . $path;

    is said(status(undef, $method, $path)), $word{401}, "$name: no token";
    is said(status('stranger', $method, $path)), $word{403},
       '... class before role';
    is said(status('bigclass', $method, $path)), $word{403},
       '... classes are compared exactly';
    is said(status('noclass', $method, $path)), $word{403}, '... no class';
    is said(status($_, $method, $path)), $word{super}, "... $_"
        for 'owner', 'norole', 'admin';
    unlike said(status('teacher', $method, $path)), qr/^40[134]/,
           '... teacher of the class';
}

for my $row (['POST', '/api/sitealerts'],
             ['PUT', '/api/sitealerts/actions/refresh'])
{
    my $name = "@$row";
    is said(status(undef, @$row)), $word{401}, "$name: no token";
    is said(status($_, @$row)), $word{admin}, "... $_"
        for 'owner', 'teacher', 'norole';
    unlike said(status('admin', @$row)), qr/^40[13]/, '... administrator';
}

# ---- managed classes

$t->sql('app', "INSERT INTO mlforkidsdb.tenants (id, ismanaged) VALUES
               ('managed', 1)");
my $managed = $t->token($teacher, 'supervisor', 'managed');
is said($t->api('GET', "/api/classes/managed/$_", $managed)),
   '403 Access to API keys is forbidden for managed tenants', "managed: $_"
    for 'credentials?servicetype=conv', 'credentials/x',
        'classifiers?type=unmanaged';

# ---- own lists

my $list = ApiTrial::student('aclass', $owner, '/projects');
my $text = { type => 'text', name => 'mine', language => 'en' };

is status('teacher', 'GET', $list)->{status}, 200,
   'a teacher sees the list of a student';
is said(status($_, 'GET', $list)), $word{403}, "$_ does not"
    for 'mate', 'admin', 'stranger';
is said(status($_, 'POST', $list, $text)), $word{403},
   "$_ makes no project for another one"
    for 'mate', 'teacher', 'stranger';
is said(status($_, 'POST',
               ApiTrial::student('aclass', $owner, '/localprojects'),
               $text)), $word{403}, "$_ makes no local project for another one"
    for 'mate', 'teacher', 'stranger';

# ---- a project: who passes (then the answer is none of 401, 403)

my $mine = status('owner', 'POST', $list, $text)->{json}{id};
my $shared = do {
    my $r = status('teacher', 'POST',
                   ApiTrial::student('aclass', $teacher, '/projects'),
                   { %$text, isCrowdSourced => \1 });
    $r->{json}{id};
};
ok $mine && $shared, 'two projects';

my @rules = (
    # rule     owner mate teacher; shared: mate teacher
    [OWN    => [1, 0, 0], ['PATCH', ''], ['DELETE', ''], ['PUT', '/labels'],
               ['POST', '/models']],
    [CRD    => [1, 0, 0], ['POST', '/training'], ['GET', '/training/x'],
               ['DELETE', '/training/x'], ['POST', '/images'],
               ['POST', '/sounds'], ['GET', '/models'], ['GET', '/models/x'],
               ['GET', '/scratchkeys']],
    ['OWN+T' => [1, 0, 1], ['DELETE', '/models/x']],
    ['CRD+T' => [1, 0, 1], ['GET', ''], ['GET', '/fields'],
               ['GET', '/labels'], ['GET', '/training'],
               ['GET', '/images/x'], ['GET', '/sounds/x']]);

for my $rule (@rules) {
    my ($name, $may, @rows) = @$rule;

    for my $row (sort { $b->[1] cmp $a->[1] } @rows) {
        my ($method, $rest) = @$row;
        my $path = ApiTrial::student('aclass', $owner,
                                     "/projects/$mine$rest");

        my %may = (mate => $may->[1], teacher => $may->[2]);

        is said(status(undef, $method, $path)), $word{401},
           "$name $method $rest: no token";
        is said(status('stranger', $method, $path)), $word{403},
           '... stranger';

        for my $who (sort keys %may) {
            my $r = said(status($who, $method, $path));
            $may{$who} ? unlike($r, qr/^40[13]/, "... $who may")
                       : is($r, $word{403}, "... $who may not");
        }

        is said(status('stranger', $method,
            ApiTrial::student('other', $stranger, "/projects/$mine$rest"))),
           $word{403}, '... not through another class';
        is said(status('owner', $method,
            ApiTrial::student('aclass', $owner, "/projects/nosuch$rest"))),
           $word{404}, '... no such project';
        is said(status('owner', $method,
            ApiTrial::student('aclass', $mate, "/projects/$mine$rest"))),
           $word{403}, '... the owner under another name is none';

        # destroys the project: last
        next if $method eq 'DELETE' && $rest eq '';

        unlike said(status('owner', $method, $path)), qr/^40[13]/,
               '... owner may';

        my $other = ApiTrial::student('aclass', $mate,
                                      "/projects/$shared$rest");
        my $r = said(status('mate', $method, $other));
        $name =~ /^CRD/ ? unlike($r, qr/^40[13]/, '... shared: mate may')
                        : is($r, $word{403}, '... shared: mate may not');
    }
}

is status('owner', 'DELETE', "$list/$mine")->{status}, 204, 'owner deletes';
is said(status('owner', 'GET', "$list/$mine")), $word{404}, 'gone';

# ---- sharing

my $own = ApiTrial::student('aclass', $teacher, '/projects');
my $off = [{ op => 'replace', path => '/isCrowdSourced', value => \0 }];
is said(status('mate', 'PATCH', "$own/$shared/iscrowdsourced", $off)),
   $word{super}, 'students do not share';
is status('teacher', 'PATCH', "$own/$shared/iscrowdsourced", $off)->{status},
   204, 'teachers do';
is said(status('mate', 'GET', "$own/$shared")), $word{403},
   'no longer shared';
is said(status('owner', 'POST', $list, { %$text, isCrowdSourced => \1 })),
   '403 Only teachers or group leaders can create crowd-sourced projects',
   'nor can students make shared projects';

# ---- local projects

$t->sql('app', "INSERT INTO mlforkidsdb.localprojects VALUES
    ('stub', '$owner', 'aclass', 1, 'x', 'a', now() + interval '1 day')");

for my $row (['PUT', ''], ['DELETE', ''], ['GET', '/scratchkeys'],
             ['GET', '/models'], ['POST', '/models'], ['DELETE', '/models/x'],
             ['POST', '/models/x/label'])
{
    my ($method, $rest) = @$row;
    my $path = ApiTrial::student('aclass', $owner, "/localprojects/stub$rest");

    is said(status(undef, $method, $path)), $word{401},
       "local: $method $rest: no token";
    is said(status($_, $method, $path)), $word{403}, "... $_"
        for 'mate', 'teacher', 'stranger';
    is said(status('owner', $method,
        ApiTrial::student('aclass', $owner, "/localprojects/nosuch$rest"))),
       $word{404}, '... no such project';
    unlike said(status('owner', $method, $path)), qr/^40[134]/,
           '... owner may';
}

is $t->clean, '', 'nothing alarming was logged';

done_testing;
