#!/usr/bin/perl

# Where auto/run keeps its things: long paths, folders that the system user
# cannot enter or read, an ordinary user.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp ();
use MLForKids::Built qw($BUILT);
use MLForKids::Test;
use Test::More;

my $ROOT = $MLForKids::Test::ROOT;
my $base = File::Temp->newdir('mlforkids-test-XXXXXX', TMPDIR => 1);
my ($status, $out);
chmod 0755, "$base";

# ---- a state folder with a long path, and one that cannot be entered

my $long = MLForKids::Test->prepare(
    env => { MLFORKIDS_STATE => "$base/" . 'long/' x 20 . 'state' });
$long->{state} = "$base/" . 'long/' x 20 . 'state';
($status, $out) = $long->run;
is($status, 0, 'a long path') or diag($out);
is($long->sql('SELECT 1'), 1, 'a long path: the database answers');
my $sockets = readlink "$long->{state}/run";
like($sockets, qr{^/tmp/mlforkids\.}, 'a long path: short one for the sockets');
$long->stop;
ok(!-e $sockets, 'a long path: the short one goes');

if ($> == 0) {
    my $closed = MLForKids::Test->prepare;
    chmod 0700, $closed->{dir};
    ($status, $out) = $closed->run;
    is($status, 0, 'a folder that the system user cannot enter') or diag($out);
    is((stat $closed->{dir})[2] & 0777, 0700, 'its mode stays');
    is($closed->get('/api')->{status}, 200, 'and all works');
    like($out, qr/is a link to it/, 'and we are told');

    # the key set is in there, too
    my $c = $closed->class;
    my $path = "/api/classes/$c->{id}/students/$c->{student}/projects";
    is($closed->get($path, token => $c->{student_token})->{status}, 200,
       'a key set that the system user cannot read');

    $closed->new_key("$closed->{dir}/other.pem");
    MLForKids::Test::write_file("$closed->{dir}/jwks.json", $closed->key_set(
        recordings => $closed->{key}, other => "$closed->{dir}/other.pem"));
    my $token = $closed->token(sub => $c->{student}, role => 'student',
        tenant => $c->{id}, header => { kid => 'other' },
        key => "$closed->{dir}/other.pem");
    $closed->until(sub { $closed->get($path, token => $token)->{status} == 200 },
                   'the new key');
    pass('and is read again when it changes');
    $closed->stop;

    # ---- a checkout that it cannot read, and an ordinary user

    my $copy = File::Temp->newdir('mlforkids-copy-XXXXXX', TMPDIR => 1);
    system("cd '$ROOT' && tar -cf - auto conf $BUILT/module/*.so $BUILT/bin"
           . ($BUILT eq 'build' ? '' : " $BUILT/sbin")
           . " build/site build/share build/scratch/extensions"
           . " build/scratch/index.html | tar -xf - -C '$copy'") == 0 or die;
    my $hidden = MLForKids::Test->prepare;
    ($status, $out) = other($hidden, "$copy/auto/run", '--detach');
    is($status, 0, 'a checkout that the system user cannot read') or diag($out);
    like($out, qr/running from a copy/, 'it runs from a copy');
    is((stat "$copy")[2] & 0777, 0700, 'the mode of the checkout stays');
    is($hidden->get('/')->{status}, 200, 'pages are served');
    ($status, $out) = other($hidden, "$copy/auto/stop");
    is($status, 0, 'and it stops');
    is(join("\n", $hidden->processes), '', 'nothing is left');
    $hidden->{stopped} = 1;

    chmod 0755, "$copy";
    my $user = MLForKids::Test->prepare;
    mkdir $user->{state};
    chown((getpwnam 'nobody')[2], -1, $user->{state});
    my @as = ('setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups',
              '--inh-caps=-all', '--bounding-set=-all');
    ($status, $out) = other($user, @as, "$copy/auto/run", '--detach');
    is($status, 0, 'an ordinary user') or diag($out);
    is($user->get('/api')->{status}, 200, 'an ordinary user: answers');
    is((stat '/proc/' . $user->service_pid('nginx'))[4],
       (getpwnam 'nobody')[2], 'an ordinary user: everything is his');
    is($user->sql('SELECT 1'), 1, 'root may look into his database');
    ($status, $out) = other($user, @as, "$copy/auto/stop");
    is($status, 0, 'an ordinary user: stops') or diag($out);
    $user->{stopped} = 1;
}

MLForKids::Test::done();


# other(instance, command..): a command of another checkout
sub other {
    my ($t, @command) = @_;
    my $pid = open my $read, '-|';

    defined $pid or die "fork: $!\n";
    if ($pid == 0) {
        $ENV{$_} = $t->{env}{$_} for keys %{ $t->{env} };
        chdir '/';
        open STDIN, '<', '/dev/null';
        open STDERR, '>&', \*STDOUT;
        exec @command or die;
    }

    $t->{used} = 1;
    $t->{stopped} = 0;
    my $text = do { local $/; <$read> };
    close $read;
    return ($? >> 8, $text);
}
