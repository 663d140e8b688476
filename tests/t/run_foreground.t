#!/usr/bin/perl

# auto/run in the foreground, and what it says when it fails.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use MLForKids::Test;
use Test::More;

my $ROOT = $MLForKids::Test::ROOT;
my $secret = 'hunter2hunter2';
my $t = MLForKids::Test->prepare;
my ($status, $out);

# ---- in the foreground, until a signal

for my $signal ('INT', 'TERM', 'HUP') {
    my ($child, $file) = foreground($t);
    is($t->get('/api')->{status}, 200, 'it answers');
    kill $signal, $child;
    waitpid $child, 0;
    is($?, 0, "$signal ends the foreground one");
    is(join("\n", $t->processes), '', "$signal: nothing is left");
    like(MLForKids::Test::read_file($file), qr/^stopping$/m,
         "$signal: it says so");
}

my ($child) = foreground($t);
$t->stop;
waitpid $child, 0;
is($? >> 8, 0, 'auto/stop from elsewhere ends the foreground one');

# ---- what fails is named, with the end of its log

my $broken = MLForKids::Test->prepare;
$broken->nginx_extra('http', "mlforkids_zone many;\n");
($status, $out) = $broken->run;
isnt($status, 0, 'a wrong directive');
like($out, qr/nginx refuses its configuration.*mlforkids_zone/s,
     'a wrong directive: what and where');
is(join("\n", $broken->processes), '', 'a wrong directive: nothing is left');
unlink "$broken->{state}/nginx.d/http-test.conf";
$broken->allow(qr/mlforkids_zone/);

($status, $out) = $broken->run({
    DATABASE_URL => 'postgres://u:' . $secret . '@127.0.0.1:1/d?connect_timeout=2' });
isnt($status, 0, 'a database that is not there');
like($out, qr/tables could not be brought up to date/, 'the database: says so');
unlike($out . $broken->log_text, qr/$secret/, 'the database: no password');
$broken->secret($secret);

MLForKids::Test::done();


# foreground(instance): pid of an auto/run that has said where it is; its output
sub foreground {
    my ($t) = @_;
    my $file = "$t->{dir}/foreground.out";

    # a kept connection would be one of the instance before
    $t->{http}->close;
    unlink $file;
    $t->{used} = 1;
    $t->{stopped} = 0;

    my $pid = fork;
    defined $pid or die "fork: $!\n";
    if ($pid == 0) {
        # whatever the caller of the tests ignores, nohup for one
        $SIG{$_} = 'DEFAULT' for 'INT', 'TERM', 'HUP';
        $ENV{$_} = $t->{env}{$_} for keys %{ $t->{env} };
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $file;
        open STDERR, '>&', \*STDOUT;
        exec "$ROOT/auto/run" or die;
    }

    $t->until(sub { MLForKids::Test::read_file($file) =~ /Ctrl-C stops it/ },
              'the foreground one', 90);
    return ($pid, $file);
}
