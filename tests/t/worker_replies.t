#!/usr/bin/perl

# Whatever the training worker answers, a caller gets a reply.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use IO::Select;
use IO::Socket::UNIX;
use Test::More;

use MLForKids::Test;
use MLForKids::Visitor;

my $t = MLForKids::Test->start;
my $v = MLForKids::Visitor->new($t)->teach(\%MLForKids::Visitor::FOOD);
$v->make_key;
$v->train;
$v->wait('Available');

# ---- another server in the worker's place

my $good = '{"matches":[{"class_name":"fruit","confidence":90}]}';

sub reply { return "HTTP/1.1 200 OK\r\nContent-Length: $_[1]\r\n\r\n$_[0]" }

# by the text that is to be classified: the answer, and whether it is the last
# one of its connection
my %answers = (
    good => [reply($good, length $good)],
    silent => ['', 1],
    short => [reply(substr($good, 0, 20), 1000), 1],
    nojson => [reply('{"match', 7)],
    number => [reply('[7]', 3)],
    chunks => ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               . "5\r\n{\"mat\r\nzz", 1],
    nohttp => ["hello\r\n\r\n", 1],
    empty => ["HTTP/1.1 204 No Content\r\n\r\n"],
    busy => ["HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"],
);

my $closed = "$t->{dir}/closed";

# "stale" is good on a fresh connection, else the connection ends
sub answer {
    my ($text, $before) = @_;

    return @{ $answers{$text} } if $text ne 'stale';
    return @{ $answers{good} } if !$before;

    MLForKids::Test::write_file($closed, 'yes');
    return ('', 1);
}

sub serve {
    my ($listener) = @_;
    my $select = IO::Select->new($listener);
    my (%before, %input);

    while (my @ready = $select->can_read) {
        for my $s (@ready) {
            if ($s == $listener) {
                my $new = $listener->accept or next;
                @before{$new} = 0;
                $input{$new} = '';
                $select->add($new);
                next;
            }

            my $n = sysread $s, $input{$s}, 65536, length $input{$s};
            my ($text, $last) = ('', !$n);

            if ($input{$s} =~ /\r\n\r\n.*"text":"(\w+)".*\}/s) {
                ($text, $last) = answer($1, $before{$s}++);
                $input{$s} = '';
            }

            syswrite $s, $text if length $text;
            if ($last) {
                $select->remove($s);
                delete $input{$s};
                close $s;
            }
        }
    }
}

$t->sv('down', 'training');
$t->until(sub { !$t->service_pid('training') }, 'no worker');

my $path = "$t->{state}/run/training.sock";
unlink $path;
my $listener = IO::Socket::UNIX->new(Local => $path, Listen => 100)
    or die "$path: $!\n";
chmod 0777, $path;

my $server = fork // die "fork: $!\n";
if ($server == 0) {
    local $SIG{PIPE} = 'IGNORE';
    eval { serve($listener) };
    require POSIX;
    POSIX::_exit(0);
}
close $listener;

# ---- replies

sub classify {
    return $v->call('POST', 'key', '/classify', { data => $_[0] });
}

my $r = classify('good');
is $r->{status}, 200, 'an answer';
is $r->{json}[0]{class_name}, 'fruit', '... is handed on';

for my $text (grep { $_ ne 'good' } sort keys %answers) {
    $r = classify($text);
    is $r->{status}, 503, "$text: 503";
    like $r->{json}{error}, qr/reported an unexpected error/, '... in words';
}

for (1 .. 10) {
    classify('good');
    is classify('stale')->{status}, 200, 'a kept connection that ends is no loss';
}
ok -e $closed, '... and some did';

kill 'TERM', $server;
waitpid $server, 0;
unlink $path;
$t->sv('up', 'training');
$t->until(sub { classify('apple')->{status} == 200 }, 'the worker again');
$t->done;
