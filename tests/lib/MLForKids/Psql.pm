package MLForKids::Psql;

# One connection to the database of an instance: transactions that stay open,
# so that a test can hold a lock, and statements that cost no process each.

use strict;
use warnings;

use IO::Handle ();
use POSIX ();

use MLForKids::Test ();

sub new {
    my ($class, $t) = @_;

    pipe my $in, my $write or die "pipe: $!\n";
    pipe my $read, my $out or die "pipe: $!\n";

    my $pid = fork;
    defined $pid or die "fork: $!\n";

    if ($pid == 0) {
        close $write;
        close $read;
        open STDIN, '<&', $in or die;
        open STDOUT, '>&', $out or die;
        open STDERR, '>&', $out or die;
        $ENV{MLFORKIDS_STATE} = $t->{state};
        exec { "$MLForKids::Test::ROOT/auto/psql" }
            "$MLForKids::Test::ROOT/auto/psql", '-X', '-q', '-At',
            '-F', "\t", '-P', 'null=NULL' or POSIX::_exit(127);
    }

    $write->autoflush(1);

    return bless { pid => $pid, write => $write, read => $read }, $class;
}

# ask(sql, values): the first value of its first row, undef without rows
sub ask {
    my ($row) = rows(@_);
    return $row ? $row->[0] : undef;
}

# rows(sql, values): its rows, each a list of texts, "NULL" for NULL.  Dies
# when a statement fails.  Each "?" becomes the next value, quoted.
sub rows {
    my ($self, $sql, @values) = @_;
    my (@rows, $mark);

    $sql =~ s{\?}{ (my $v = shift @values) =~ s/'/''/g; "'$v'" }ge;
    $mark = 'end ' . ++$self->{asked};

    local $SIG{PIPE} = 'IGNORE';
    print { $self->{write} } "$sql;\n\\echo $mark\n";

    while (1) {
        my $line = readline $self->{read};
        defined $line or die "psql has ended: $sql\n";
        chomp $line;
        last if $line eq $mark;
        $line =~ /^(ERROR|FATAL|psql):/ and die "$line\n$sql\n";
        push @rows, [split /\t/, $line, -1];
    }

    return @rows;
}

sub close {
    my ($self) = @_;

    return if !$self->{pid};
    close $self->{write};
    close $self->{read};
    waitpid delete $self->{pid}, 0;
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@);
    $self->close;
}

1;
