#!/usr/bin/perl

# Tokens of accounts and of visitors: what is let in, and all that is not
# (contract/auth.md 2, 3 and 8).

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Digest::SHA qw(hmac_sha256);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);
use Test::More;

use ApiTrial;

my $t = ApiTrial->new(more => 'mlforkids_issuer https://second.example.org/ '
                              . 'jwks=keys2.json audience=one,two;');
my $user = ApiTrial::user();
my $list = ApiTrial::student('aclass', $user, '/projects');

sub status {
    my ($name, $token, $expected, %headers) = @_;
    my $r = $t->api('GET', $list, undef, undef,
                    authorization => "Bearer $token", %headers);
    is $r->{status}, $expected, $name;
    is_deeply $r->{json}, { error => 'Not authorised' }, '... in words'
        if $expected == 401;
    is $r->{headers}{'www-authenticate'}, undef, '... without a challenge'
        if $expected == 401;
}

my $good = $t->token($user, 'student', 'aclass');
my ($header, $payload, $signature) = split /\./, $good;

# ---- the header of the request

status 'good', $good, 200;
status 'good again', $good, 200;

my $counters = $t->status->{tokens};
is $counters->{misses} + $counters->{hits}, 2, 'two tokens were seen';

for my $value ('', 'Bearer', 'Bearer ', "Bearer  $good", "Bearer $good x",
               "Bearer\t$good", "Basic $good", $good, "Bearer, Bearer $good")
{
    status 'header: ' . substr($value, 0, 20), '', 401,
           authorization => $value;
}
status 'the scheme may be written small', '', 200,
       authorization => "bearer $good";
like $t->raw("GET $list HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
             . "Authorization: Bearer $good\r\n" x 2 . "\r\n"),
     qr/^HTTP\/1.1 40[01]/, 'two headers';
is $t->api('GET', "$list?access_token=$good")->{status}, 401,
   'no token in the query';

# ---- form

my %form = ('two parts' => "$header.$payload",
            'four parts' => "$good.x", 'no signature' => "$header.$payload.",
            'dots' => '..', 'padding' => "$header.$payload.$signature==",
            'other alphabet' => "$header.$payload.+/$signature",
            'changed payload' => "$header." . encode_base64url('{"sub":"x"}')
                                 . ".$signature",
            'long' => $good . 'a' x 7000,
            'bits behind the end' => substr($good, 0, -1)
                                     . (substr($good, -1) eq 'B' ? 'C' : 'B'));
status $_, $form{$_}, 401 for sort keys %form;

is $t->api('GET', $list, 'a' x 9000)->{status}, 400,
   'a header that is too long is not even read';

# ---- algorithms and keys

my $public = qx(openssl rsa -in $t->{key} -pubout 2>/dev/null);

for my $alg ('none', 'None', 'NONE', 'HS256', 'RS384', 'RS512', 'PS256',
             'ES256', 'rs256', '', ['RS256'], undef)
{
    my $name = defined $alg ? ref $alg ? 'list' : $alg : 'absent';
    my $token = $t->token($user, 'student', 'aclass',
                          header => { alg => $alg });
    status "algorithm $name", $token, 401;
    $token =~ s/[^.]+$//;
    status "algorithm $name, not signed", $token, 401;
}

my $input = encode_base64url('{"alg":"HS256","kid":"first"}') . ".$payload";
status 'the public key as a secret', $input . '.'
       . encode_base64url(hmac_sha256($input, $public)), 401;

my $other = $t->new_key('other.pem');
status 'signed by another key', $t->token($user, 'student', 'aclass',
                                          key => $other), 401;

my $jwk = $t->public_key($other, 'other');
status 'brings its own key', $t->token($user, 'student', 'aclass',
    key => $other, header => { jwk => $jwk, jku => 'http://127.0.0.1/' }), 401;
status 'unknown kid', $t->token($user, 'student', 'aclass',
                                kid => $_), 401
    for 'other', '../../etc/passwd', "' OR 1=1 --", 'k' x 5000, '';
status 'kid is no string', $t->token($user, 'student', 'aclass',
                                     header => { kid => ['first'] }), 401;
status 'without kid, one key', $t->token($user, 'student', 'aclass',
                                         header => { kid => undef }), 200;
status 'crit', $t->token($user, 'student', 'aclass',
                         header => { crit => ['exp'] }), 401;

# ---- claims

my %claims = (
    'expired' => { exp => time - 1 }, 'no expiry' => { exp => undef },
    'expiry is a text' => { exp => (time + 3600) . '' },
    'negative expiry' => { exp => -5 },
    'not yet' => { nbf => time + 60 }, 'nbf is a text' => { nbf => '0' },
    'issuer without a slash' => { iss => 'https://login.example.org' },
    'issuer with http' => { iss => 'http://login.example.org/' },
    'no issuer' => { iss => undef }, 'list of issuers' =>
        { iss => [$ApiTrial::ISSUER] },
    'no sub' => { sub => undef }, 'sub is a number' => { sub => 5 },
    'role is a list' => { "${ApiTrial::CLAIM}role" => ['student'] },
    'class is a number' => { "${ApiTrial::CLAIM}tenant" => 5 });
status $_, $t->token($user, 'student', 'aclass', payload => $claims{$_}), 401
    for sort keys %claims;

my $twice = JSON::PP::encode_json({ iss => $ApiTrial::ISSUER, sub => $user,
                                    exp => time + 60 });
$twice =~ s/\}$/,"sub":"x"}/;
status 'a claim that is there twice',
       $t->sign('{"alg":"RS256","kid":"first"}', $twice), 401;

status 'app_metadata counts more', $t->token($user, undef, undef,
    payload => { app_metadata => { role => 'student', tenant => 'aclass' } }),
    200;
status 'any audience', $t->token($user, 'student', 'aclass',
                                 payload => { aud => 'anything' }), 200;

# ---- two issuers

DbTrial::write_file("$t->{dir}/keys2.json",
                    JSON::PP::encode_json({ keys => [$jwk] }));
chmod 0644, "$t->{dir}/keys2.json";

my %second = (iss => 'https://second.example.org/');
my $of_second = sub {
    my ($aud, %o) = @_;
    return $t->token($user, 'student', 'aclass', key => $other,
                     kid => 'other', payload => { %second, aud => $aud }, %o);
};

$t->wait_for('the second key file', sub {
    $t->api('GET', $list, $of_second->('one'))->{status} == 200 });
status 'second issuer', $of_second->(['x', 'two']), 200;
status 'foreign audience', $of_second->('three'), 401;
status 'no audience', $of_second->(undef), 401;
status 'key of the second, name of the first',
       $t->token($user, 'student', 'aclass', key => $other,
                 kid => 'other'), 401;
status 'key of the first, name of the second',
       $t->token($user, 'student', 'aclass', payload => { %second }), 401;

# ---- the key file changes

$t->write_key_file('{"keys":');
$t->wait_for('a complaint', sub { $t->error_log =~ /is no key set/ });
status 'a broken file changes nothing', $good, 200;
$t->write_keys(keys => []);
status 'nor does one without keys', $good, 200;
$t->write_keys(keys => [$t->public_key($other, 'new')]);
$t->wait_for('the new keys', sub {
    $t->api('GET', $list, $t->token($user, 'student', 'aclass',
            key => $other, kid => 'new'))->{status} == 200 });
$t->wait_for('the end of the old key', sub {
    my %seen;
    $seen{$t->api('GET', $list, $good)->{status}}++ for 1 .. 10;
    return ($seen{401} // 0) == 10 });

is $t->clean, '', 'nothing alarming was logged';

done_testing;
