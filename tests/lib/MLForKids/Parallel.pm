package MLForKids::Parallel;

# Many requests at the same time, each on a connection of its own.

use strict;
use warnings;

use Exporter qw(import);
use IO::Socket::INET;
use JSON::PP ();

use MLForKids::HTTP ();

our @EXPORT = qw(parallel counts ask);

# parallel($t, [METHOD, path, options], ...): the replies in the same order,
# as those of MLForKids::Test.  Options: token, headers, json, and from, an
# address of this machine.  All connections are there before the first byte is
# sent, all requests are sent before the first reply is read.
sub parallel {
    my ($t, @requests) = @_;
    my @open;

    for my $request (@requests) {
        my ($method, $path, %o) = @$request;
        my $http = MLForKids::HTTP->new($t->{http}{port}, timeout => 60);

        $http->{socket} = IO::Socket::INET->new(
            PeerAddr => '127.0.0.1', PeerPort => $http->{port},
            LocalAddr => $o{from} || '127.0.0.1', Timeout => 10)
            or die "connect: $!\n";

        push @open, [$http, $method, as_text($http, $method, $path, %o)];
    }

    for my $one (@open) {
        my ($http, undef, $text) = @$one;
        my $n = syswrite $http->{socket}, $text;
        defined $n && $n == length $text or die "cannot send: $!\n";
    }

    return map { reply($_->[0]->raw('', $_->[1])) } @open;
}

sub as_text {
    my ($http, $method, $path, %o) = @_;
    my %headers = (host => "127.0.0.1:$http->{port}", connection => 'close',
                   accept => 'application/json', %{ $o{headers} || {} });
    my $body = '';

    if (exists $o{json}) {
        $body = JSON::PP->new->utf8->encode($o{json});
        $headers{'content-type'} ||= 'application/json';
    }
    $headers{authorization} = "Bearer $o{token}" if defined $o{token};
    $headers{'content-length'} = length $body if $method =~ /^P/;

    return "$method $path HTTP/1.1\r\n"
        . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers)
        . "\r\n$body";
}

sub reply {
    my ($r) = @_;

    if (($r->{headers}{'content-type'} || '') =~ m{^application/json}) {
        $r->{json} = eval { JSON::PP->new->utf8->decode($r->{body}) };
    }

    return $r;
}

# one request, as parallel's
sub ask {
    my ($t, @request) = @_;
    return (parallel($t, \@request))[0];
}

# counts(replies): { status => how many }
sub counts {
    my %counts;
    $counts{ $_->{status} }++ for @_;
    return \%counts;
}

1;
