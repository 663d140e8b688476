#!/usr/bin/perl

# Bodies: limits, types, compression, JSON, and who may say what is wrong.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Compress::Zlib;
use Test::More;

use ApiTrial;

my $t = ApiTrial->new;
my $user = ApiTrial::user();
my $token = $t->token($user, 'student', 'aclass');
my $list = ApiTrial::student('aclass', $user, '/projects');
my $any = "$list/nosuch/training";

sub padded { return '{"x":"' . 'a' x ($_[0] - 8) . '"}' }

# ---- limits, before anybody is asked for a token

my %limit = ($list => 100, "$list/p/training" => 400,
             "$list/p/training/t" => 400, "$list/p/sounds" => 400,
             '/api/nosuch' => 100, '/api/scratch/k/classify' => 3072,
             '/api/scratch/k/train' => 100, '/elsewhere' => 100,
             ApiTrial::student('c', 'u', '/training/ngrams') => 3072,
             ApiTrial::student('c', 'u', '/localnumbersprojects') => 4096,
             ApiTrial::student('c', 'u', '/localprojects/p/models/m/label')
             => 4096);

for my $path (sort keys %limit) {
    my $size = $limit{$path} * 1024;
    isnt $t->api('POST', $path, undef, padded($size))->{status}, 413,
         "$path takes $limit{$path} kB";
    my $r = $t->api('POST', $path, undef, padded($size + 1));
    is $r->{status}, 413, '... and not a byte more';
    is_deeply $r->{json}, { error => 'Payload too large' }, '... in words';
}

# in pieces, without a length
for my $case ([400 * 1024, 401], [400 * 1024 + 1, 413]) {
    my ($size, $status) = @$case;
    my $body = padded($size);
    my $text = $t->raw("POST $any HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        . "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
        . "\r\n", (map { sprintf "%x\r\n%s\r\n", length, $_ }
                   unpack '(A5000)*', $body), "0\r\n\r\n");
    like $text, qr/^HTTP\/1.1 $status/, "$size bytes in pieces: $status";
}

# what is not read is not asked for, and the connection ends with the reply
for my $head ("Content-Length: 5000000\r\nExpect: 100-continue\r\n\r\n",
              "Transfer-Encoding: chunked\r\n\r\n"
              . join('', ("1388\r\n" . 'a' x 5000 . "\r\n") x 90))
{
    my $text = $t->raw("POST $any HTTP/1.1\r\nHost: x\r\n"
        . "Content-Type: application/json\r\n$head");
    like $text, qr/^HTTP\/1.1 413/, 'refused before all of it is there';
    like $text, qr/^Connection: close\r$/m, '... and says that this is the end';
}

# ---- compression

my $json = '{"data":"hello","label":"a"}';
my %packed = (gzip => Compress::Zlib::memGzip($json),
              deflate => compress($json));

for my $how (sort keys %packed) {
    is $t->api('POST', $any, $token, $packed{$how},
               'content-encoding' => $how)->{status}, 404, "$how is unpacked";
    is $t->api('POST', $any, $token, substr($packed{$how}, 0, -9),
               'content-encoding' => $how)->{status}, 400, "$how cut short";
}

is $t->api('POST', $any, $token, Compress::Zlib::memGzip(padded(400 * 1024)),
           'content-encoding' => 'gzip')->{status}, 404,
   'the limit holds after unpacking';
is $t->api('POST', $any, $token,
           Compress::Zlib::memGzip(padded(400 * 1024 + 1)),
           'content-encoding' => 'gzip')->{status}, 413, '... exactly';
is $t->api('POST', $any, $token, Compress::Zlib::memGzip("\0" x 3e7),
           'content-encoding' => 'gzip')->{status}, 413, 'a bomb';
is $t->api('POST', $any, $token, 'x', 'content-encoding' => $_)->{status},
   415, "unknown: $_" for 'br', 'zzz', 'gzip, gzip';

# ---- types

for my $type ('text/plain', 'application/x-www-form-urlencoded',
              'application/merge-patch+json', 'application/jsonx')
{
    my $r = $t->api('POST', $list, undef, '{"a"', 'content-type' => $type);
    is $r->{status}, 400, "$type is no body";
    is_deeply $r->{json}, { error => 'Missing data' }, '... in words';
}

for my $type ('application/json', 'APPLICATION/JSON; charset=UTF-8',
              'application/json;charset="utf-8"',
              'application/json ; boundary=x')
{
    is $t->api('POST', $list, undef, '{}',
               'content-type' => $type)->{status}, 401, $type;
}

for my $charset ('latin1', 'utf-99', 'utf8', 'utf-8x') {
    is $t->api('POST', $list, undef, '{}', 'content-type' =>
               "application/json; charset=$charset")->{status}, 415, $charset;
}

# ---- JSON

my %broken = ('{' => 1, '"x"' => 1, 5 => 1, null => 1, '{"a":1}x' => 1,
              '{"a":1,"a":2}' => 1, "{\"a\":\"\xff\"}" => 1, '[1,]' => 1,
              ' ' => 1, '{/**/}' => 1, '[' x 5000 => 1);

for my $text (sort keys %broken) {
    for my $method ('GET', 'POST', 'DELETE') {
        my $r = $t->api($method, $list, undef, $text);
        is $r->{status}, 400, "$method: " . substr $text, 0, 20;
    }
}

# many values cost much memory before anybody has shown a token
my $many = '{"data":[' . join(',', (0) x 2000) . ']}';
is $t->api('POST', '/api/scratch/k/classify', undef, $many)->{status}, 400,
   'a text to classify is not two thousand values';
is $t->api('POST', $any, undef, $many)->{status}, 401,
   'a training item may be';

is $t->api('POST', $list, $token, '',
           'content-type' => 'application/json')->{json}{error},
   'Missing required field', 'an empty text is an empty object';
is $t->api('POST', $list, undef)->{status}, 400, 'a body is asked for first';
is $t->api('POST', $list, undef, {})->{status}, 401, 'then a token';

# ---- the other end goes away

$t->raw_close("POST $any HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n"
              . "Content-Type: application/json\r\n\r\n{\"data\":\"aa")
    for 1 .. 20;
like $t->raw("POST $any HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
             . "Content-Type: application/json\r\nConnection: close\r\n\r\n"
             . "zz\r\n"), qr/^HTTP\/1.1 400/, 'chunks that are none';

is $t->api('GET', '/api')->{status}, 200, 'alive';
is $t->clean, '', 'nothing alarming was logged';

done_testing;
