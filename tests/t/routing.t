#!/usr/bin/perl

# Paths and methods, the rule for what is not there, redirects of pages,
# preflights, conditional requests, connections that are kept.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;

use ApiTrial;

my $t = ApiTrial->new;

# ---- paths

is $t->api('GET', $_)->{status}, 200, "probe $_"
    for '/api', '/api/', '/API', '/api?x=1';
is $t->api('HEAD', '/api')->{content} // '', '', 'HEAD has no body';
is $t->api('GET', $_)->{status}, 404, "nothing at $_"
    for '//api', '/api//', '/apix', '/api/classes', '/api/debug/errors/';
is $t->api('GET', '/API/Debug/ERRORS/403/')->{status}, 403,
   'case and a slash at the end do not matter';
is $t->api('GET', '/api/classes/%FF/policy')->{status}, 400,
   'an escape that is no UTF-8';
is $t->api('GET', '/api/classes/%2e%2e%2fx/policy')->{status}, 401,
   'a slash in a parameter is part of it';

is $t->api($_, '/api')->{status}, 404, "$_ of the probe is nowhere"
    for 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND';

# ---- what is not there

my $r = $t->api('GET', '/no/such/page', undef, undef, accept => 'text/html');
is $r->{status}, 302, 'browsers are sent to the site';
is $r->{headers}{location}, '/#!/404', 'to its own page';
is_deeply $r->{headers}{vary}, ['Accept-Encoding', 'Accept'],
          'depending on Accept, and how it is compressed';
like $r->{content}, qr/^<p>Found/, 'as HTML';

$r = $t->api('GET', '/no/such/page', undef, undef, accept => '*/*');
is $r->{status}, 302, 'everything is fine: browsers too';
like $r->{content}, qr/^Found\. Redirecting to/, 'as text';

for my $path ('/wp-login.php', '/x?y.php', '/.well-known/assetlinks.json') {
    $r = $t->api('GET', $path, undef, undef, accept => 'text/html');
    is $r->{status}, 404, "never a page: $path";
    is_deeply $r->{json}, { error => 'Not found' }, 'but JSON';
}

# ---- sample errors

for my $code (400, 401, 403, 404, 413, 500, 501, 503) {
    is $t->api('GET', "/api/debug/errors/$code")->{status}, $code,
       "sample error $code";
}
is $t->api('GET', '/api/debug/errors/99999999999999999999')->{status}, 200,
   'no such sample';

# ---- pages

$r = $t->api('GET', '/about');
is "$r->{status} $r->{headers}{location}", '302 /#!/about', 'page';
$r = $t->api('GET', '/Teacher/LanguageModels/');
is $r->{headers}{location}, '/#!/teacher/languagemodels', 'page below a page';
$r = $t->api('GET', '/scratch?a=b&project=/x.sb3&c=d');
is $r->{headers}{location}, '/scratch/?project=/x.sb3', 'editor';
$r = $t->api('GET', '/scratch/');
isnt $r->{headers}{location} // '', '/scratch/', 'the editor is no circle';
is $t->api('POST', '/about', undef, {})->{status}, 404,
   'pages are for reading';

# ---- preflights

$r = $t->api('OPTIONS', '/api/scratch/a/b/c', undef, undef,
             origin => 'https://app.edublocks.org',
             'access-control-request-headers' => 'x-a');
is $r->{status}, 204, 'preflight';
is $r->{headers}{'access-control-allow-origin'}, 'https://app.edublocks.org',
   'of a friend';
is $r->{headers}{'access-control-allow-headers'}, 'x-a', 'headers echoed';

for my $origin ('https://evilmachinelearningforkids.co.uk',
                'https://machinelearningforkids.co.uk.evil.org',
                'https://machinelearningforkids.co.uk:', 'null',
                'ftp://machinelearningforkids.co.uk',
                'https://machinelearningforkids.co.uk:80x')
{
    $r = $t->api('OPTIONS', '/api/scratch/a', undef, undef,
                 origin => $origin);
    is $r->{headers}{'access-control-allow-origin'}, undef,
       "no friend: $origin";
}
is $t->api('OPTIONS', '/api/scratchtfjs/extensions')->{status}, 404,
   'no preflight elsewhere';

# ---- conditional requests

my $user = ApiTrial::user();
my $token = $t->token($user, 'student', 'aclass');
my $list = ApiTrial::student('aclass', $user, '/projects');

$r = $t->api('GET', $list, $token);
my $etag = $r->{headers}{etag};
like $etag, qr/^W\/"/, 'weak tag';
like $r->{headers}{vary}, qr/Accept-Encoding/,
     'a short text is not compressed, but could be';
$r = $t->api('GET', $list, $token, undef, 'if-none-match' => $etag);
is $r->{status}, 304, 'not modified';
is $t->api('GET', $list, $token, undef, 'if-match' => '"x"')->{status}, 200,
   'other conditions are not known';

my $made = $t->api('POST', $list, $token,
                   { type => 'text', name => 'x', language => 'en' });
my $patch = [{ op => 'add', path => '/labels', value => 'a' }];
$r = $t->api('PATCH', "$list/$made->{json}{id}", $token, $patch);
$etag = $r->{headers}{etag};
$r = $t->api('PATCH', "$list/$made->{json}{id}", $token, $patch,
             'if-none-match' => $etag);
is $r->{status}, 200, 'only reading can be not modified';

# ---- connections

my $auth = "Authorization: Bearer $token\r\n";
my $text = $t->raw("GET $list HTTP/1.1\r\nHost: x\r\n$auth\r\n"
    . "GET /api HTTP/1.1\r\nHost: x\r\n\r\n"
    . "POST $list HTTP/1.1\r\nHost: x\r\n${auth}Content-Type: text/plain\r\n"
    . "Content-Length: 5\r\n\r\nhello"
    . "HEAD $list HTTP/1.1\r\nHost: x\r\n$auth\r\n"
    . "GET $list HTTP/1.1\r\nHost: x\r\nConnection: close\r\n$auth\r\n");
is join(' ', $text =~ m{HTTP/1\.1 (\d+)}g), '200 200 400 200 200',
   'requests in a row on one connection';

is $t->clean, '', 'nothing alarming was logged';

done_testing;
