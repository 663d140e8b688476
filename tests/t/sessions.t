#!/usr/bin/perl

# Visitors ("try it now"): how many there may be, what is left when one goes,
# and tokens that are none.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Digest::SHA qw(hmac_sha256);
use JSON::PP ();
use MIME::Base64 qw(decode_base64url encode_base64url);
use Test::More;

use MLForKids::Parallel;
use MLForKids::Psql;
use MLForKids::Test;
use MLForKids::Visitor;

# 127.0.0.1 is the proxy we trust, 127.0.0.2 somebody else
my $t = MLForKids::Test->start(
    env => { TRUSTED_PROXIES => '127.0.0.1' },
    http => "mlforkids_database_wait 30s;\n",
    server => "mlforkids_session_users 30 XX=12;\n");
my $db = MLForKids::Psql->new($t);

my $new = '/api/sessionusers';
my $full = { error => 'Class full' };

sub visitors { return $db->ask('SELECT count(*) FROM sessionusers') }

# ---- a visitor

my $r = $t->post($new, json => { turnstile => 'x' });
is $r->{status}, 201, 'a visitor comes';
my $uuid = qr/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-
              [0-9a-f]{12}$/x;
like $r->{json}{$_}, $uuid, "$_ is a random UUID" for 'id', 'token';
like $r->{json}{sessionExpiry}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/,
     'ends at a whole second';
is $db->ask('SELECT sessionexpiry - ?::timestamptz FROM sessionusers',
            $r->{json}{sessionExpiry}), '00:00:00', '... as it is stored';
is $db->ask("SELECT sessionexpiry > now() + interval '3:59:00'
             AND sessionexpiry <= now() + interval '4:00:00'
             FROM sessionusers"), 't', '... in four hours';

my ($head, $payload) = map { JSON::PP->new->decode(decode_base64url($_)) }
    (split /\./, $r->{json}{jwt})[0, 1];
is $head->{alg}, 'HS256', 'its token is of our own';
is_deeply [map { $payload->{$_} } 'id', 'token', 'sessionExpiry'],
          [map { $r->{json}{$_} } 'id', 'token', 'sessionExpiry'],
          '... and says who it is';

my $visitor = MLForKids::Visitor->new($t, session => $r->{json});
my $other = MLForKids::Visitor->new($t);
is visitors(), 2, 'two visitors';

# ---- limits

my @country = (headers => { 'cf-ipcountry' => 'xx' }, json => {});
is_deeply counts(parallel($t, map { ['POST', $new, @country] } 1 .. 60)),
          { 201 => 10, 412 => 50 }, 'sixty at once from a country with a limit';
is visitors(), 12, 'not one above it';

is_deeply counts(parallel($t, map { ['POST', $new, @country,
                                     from => '127.0.0.2'] } 1 .. 2)),
          { 201 => 2 }, 'a stranger says nothing about countries';

is_deeply counts(parallel($t, map { ['POST', $new, json => {}] } 1 .. 60)),
          { 201 => 16, 412 => 44 }, 'sixty at once from elsewhere';
is visitors(), 30, 'not one above the limit';

$r = $t->post($new, json => { turnstile => 'x' });
is_deeply [$r->{status}, $r->{json}], [412, $full], 'full, in words';
is_deeply ask($t, 'POST', $new, @country)->{json}, $full, 'for all';

# an address of its own, as the proxy says: a class, not a flood
my @flood = parallel($t, map { ['POST', $new, json => {},
    headers => { 'x-forwarded-for' => '203.0.113.7' }] } 1 .. 160);
my ($limited) = grep { $_->{status} == 429 } @flood;
ok $limited, 'too many from one address';
is_deeply [sort keys %{ counts(@flood) }], [412, 429], '... but a class may';
is_deeply [$limited->{json}{error}, $limited->{headers}{'retry-after'}],
          ['Too many requests', 60], '... in words';
is $t->post($new, json => {}, headers => {
    'x-forwarded-for' => '203.0.113.8' })->{status}, 412,
   '... others are not concerned';

$db->ask('DELETE FROM sessionusers WHERE id NOT IN (?, ?)', $visitor->{id},
         $other->{id});

# ---- tokens that are none

my $projects = "$visitor->{home}/projects";
my $list = sub {
    my ($token, $path) = @_;
    return $t->get($path || $projects, token => $token)->{status};
};

my $secret = pack 'H*', $db->ask("SELECT encode(value, 'hex')
    FROM mlforkids_secrets WHERE name = 'session-users'");
my $sign = sub {
    my ($claims, $key, %header) = @_;
    my $json = JSON::PP->new->canonical->utf8;
    my $input = join '.', map { encode_base64url($json->encode($_)) }
        { alg => 'HS256', typ => 'JWT', %header }, $claims;
    return "$input." . encode_base64url(hmac_sha256($input, $key));
};

is $list->($visitor->{token}), 200, 'the token that was given';
is $list->($sign->($payload, $secret)), 200, 'one that is signed as ours are';

my ($h, $p, $s) = split /\./, $visitor->{token};
my $public = `openssl rsa -in '$t->{key}' -pubout 2>/dev/null`;
my %forged = (
    'none' => undef,
    'empty' => '',
    'no signature' => "$h.$p.",
    'two parts' => "$h.$p",
    'one bit of the signature' => "$h.$p." . ($s =~ /^A/ ? 'B' : 'A')
        . substr($s, 1),
    'another secret' => $sign->($payload, 'x' x 32),
    'an empty secret' => $sign->($payload, ''),
    'the public key as a secret' => $sign->($payload, $public),
    'no algorithm' => encode_base64url('{"alg":"none"}') . ".$p.",
    'another algorithm' => $sign->($payload, $secret, alg => 'RS256'),
    'another secret in the row' => $sign->({ %$payload,
        token => $other->{id} }, $secret),
    'no secret of the row' => $sign->({ id => $payload->{id} }, $secret),
    'another visitor' => $sign->({ %$payload, id => $other->{id} }, $secret),
    'somebody else' => $other->{token},
    'an account with this id' => $t->token(sub => $visitor->{id},
        role => 'student', tenant => 'session-users'),
    'a teacher of the class' => $t->token(sub => 'auth0|x',
        role => 'supervisor', tenant => 'session-users'),
);

for my $name (sort keys %forged) {
    my $reply = $t->get($projects, token => $forged{$name});
    is_deeply [$reply->{status}, $reply->{json}],
              [401, { error => 'Not authorised' }], "forged: $name";
    is $t->delete("/api/classes/session-users/sessionusers/$visitor->{id}",
                  token => $forged{$name})->{status}, 401,
       '... nor does it end the session';
}

is $list->($visitor->{token}, "$other->{home}/projects"), 401,
   'nobody else\'s projects';
is $list->($visitor->{token}, "/api/classes/aclass/students/$visitor->{id}"
           . '/projects'), 401, 'no other class';
is $list->($visitor->{token}, '/api/classes/session-users/policy'), 401,
   'nothing of the class';

# a token that was seen to be good a moment ago
$db->ask("UPDATE sessionusers SET sessionexpiry = now() - interval '1 s'
          WHERE id = ?", $visitor->{id});
is $list->($visitor->{token}), 401, 'after its time';
$db->ask("UPDATE sessionusers SET sessionexpiry = now() + interval '1 hour'
          WHERE id = ?", $visitor->{id});
is $list->($visitor->{token}), 200, 'in time again';

# ---- going away leaves nothing

for my $one ($visitor, $other) {
    $one->teach({ map { $_ => [@{ $MLForKids::Visitor::FOOD{$_} }[0 .. 4]] }
                  keys %MLForKids::Visitor::FOOD });
    $one->make_key;
    $one->train;
}
$_->wait('Available') for $visitor, $other;
is $visitor->call('GET', 'key', '/classify?data=apple')->{status}, 200,
   'a visitor with a model';

my $end = "/api/classes/session-users/sessionusers/$visitor->{id}";
is $t->delete($end, token => $other->{token})->{status}, 401,
   'not ended by another one';
is $t->delete($end)->{status}, 401, '... nor by nobody';

sub left {
    my ($one) = @_;
    return join ' ', map { $db->ask("SELECT count(*) FROM $_->[0]
                                     WHERE $_->[1] = ?", $one->{$_->[2]}) }
        ['sessionusers', 'id', 'id'], ['projects', 'userid', 'id'],
        ['texttraining', 'projectid', 'projectid'],
        ['scratchkeys', 'userid', 'id'],
        ['mlforkids_textmodels', 'userid', 'id'];
}

is left($visitor), '1 1 10 1 1', 'what there is before';
$r = $t->delete($end, token => $visitor->{token});
is_deeply [$r->{status}, $r->{body}], [204, ''], 'a visitor goes';
is left($visitor), '0 0 0 0 0', 'nothing is left';
my $job = $db->ask('SELECT jobdata FROM pendingjobs WHERE jobtype = 3
                    AND position(? in jobdata) > 0', $visitor->{id});
is_deeply(JSON::PP->new->decode($job),
          { classid => 'session-users', userid => $visitor->{id} },
          'stored objects are asked to be removed');
is $list->($visitor->{token}), 401, 'the token is worth nothing';
is $t->delete($end, token => $visitor->{token})->{status}, 401, '... twice';
is_deeply [@{ $visitor->call('GET', 'key', '/classify?data=apple') }
            {'status', 'json'}], [404, { error => 'Scratch key not found' }],
          '... nor the key';

is left($other), '1 1 10 1 1', 'the other one keeps all';
is $other->call('GET', 'key', '/classify?data=apple')->{status}, 200,
   '... and the model';

# ---- a place is free again, once "full" is forgotten

$t->until(sub { $t->post($new, json => {})->{status} == 201 }, 'a free place');
pass 'a place is free again';

$db->close;
MLForKids::Test::done();
