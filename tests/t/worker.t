#!/usr/bin/perl

# What a child's training survives: a killed worker, a killed runner, projects
# that go away meanwhile, a restart of the database.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;

use MLForKids::Psql;
use MLForKids::Test;
use MLForKids::Visitor;

my $t = MLForKids::Test->start;
my $db = MLForKids::Psql->new($t);
my $lock = MLForKids::Psql->new($t);

# ---- processes of the worker

# what is there now, or 0
sub worker_now { return $t->service_pid('training') }

# the worker's child that claims jobs: the one without threads
sub runner_now {
    my $worker = worker_now() or return 0;

    for my $file (glob '/proc/[0-9]*/status') {
        my $text = MLForKids::Test::read_file($file);
        next if $text !~ /^PPid:\t$worker$/m || $text !~ /^Threads:\t1$/m
                || $text =~ /^State:\tZ/m;
        return $1 if $text =~ /^Pid:\t(\d+)/m;
    }

    return 0;
}

# never 0, which would be our own group for kill()
sub worker { return $t->until(\&worker_now, 'a worker') }
sub runner { return $t->until(\&runner_now, 'a runner') }

# ---- jobs

# a training that does not get its examples
sub hold {
    $lock->ask('BEGIN; LOCK TABLE texttraining IN ACCESS EXCLUSIVE MODE');
}

sub let_go {
    $lock->ask('ROLLBACK');
}

sub job {
    my ($v) = @_;
    my ($row) = $db->rows('SELECT state, attempts, worker, id
                           FROM mlforkids_jobs WHERE subject = ?
                           ORDER BY created DESC LIMIT 1', $v->{projectid});
    return { state => $row->[0], attempts => $row->[1], worker => $row->[2],
             id => $row->[3] };
}

sub wait_job {
    my ($v, $state, $attempts) = @_;
    my $job;
    $t->until(sub {
        $job = job($v);
        return $job->{state} eq $state
               && (!$attempts || $job->{attempts} == $attempts);
    }, "a job that is $state", 60);
    return $job;
}

sub unfinished {
    return $db->ask("SELECT count(*) FROM mlforkids_jobs
                     WHERE state IN ('waiting', 'running')");
}

my $v = MLForKids::Visitor->new($t);
$v->teach(\%MLForKids::Visitor::FOOD);
$v->make_key;
$v->train;
$v->wait('Available');

sub answers {
    my ($what) = @_;
    my $r;
    $t->until(sub {
        $r = $v->call('GET', 'key', '/classify?data=apple');
        return $r->{status} == 200;
    }, 'an answer');
    is $r->{json}[0]{class_name}, 'fruit', $what;
}

answers('a model');

# ---- the whole worker is killed

hold();
$v->train;
my $job = wait_job($v, 'running');

my $worker = worker();
my $runner = runner();
kill 'KILL', $worker;
$t->until(sub { worker() != $worker }, 'another worker');
$t->until(sub { !kill 0, $runner }, 'the end of the runner');
is job($v)->{state}, 'running', 'killed: the job has its lease';
is $v->model->{status}, 'Training', '... the child is told to wait';
let_go();
answers('... the old model answers, from another worker');

$db->ask("UPDATE mlforkids_jobs SET lease_until = now() - interval '1 s'
          WHERE id = ?", $job->{id});
$v->wait('Available');
my $after = job($v);
is_deeply [$after->{id}, $after->{state}, $after->{attempts}],
          [$job->{id}, 'done', 2], 'after it another one takes the job over';
isnt $after->{worker}, $job->{worker}, '... under a name of its own';

# ---- the runner alone is killed

hold();
$v->train;
$job = wait_job($v, 'running');
$runner = runner();
kill 'KILL', $runner;
$t->until(sub { job($v)->{attempts} == 2 }, 'the next attempt');
isnt runner(), $runner, 'a killed runner: another one';
is job($v)->{id}, $job->{id}, '... takes its job at once';
let_go();
$v->wait('Available');
is job($v)->{state}, 'done', '... and does it';

# ---- ... again and again

hold();
$v->train;
for my $attempt (1 .. 3) {
    wait_job($v, 'running', $attempt);
    kill 'KILL', runner();
}
let_go();
my $model = $v->wait('Failed');
is job($v)->{state}, 'dead', 'three deaths: given up';
like $model->{reason}, qr/^Sorry, .* try again/, '... the child is told';
answers('... and keeps the old model');
$v->train;
$v->wait('Available');
is job($v)->{state}, 'done', 'the next click is a job of its own';

# ---- who comes back too late stores nothing

hold();
$v->train;
$job = wait_job($v, 'running');
$runner = runner();
kill 'STOP', $runner;
let_go();
$db->ask("UPDATE mlforkids_jobs SET worker = 'another', attempts = 2,
          lease_until = now() + interval '1 minute' WHERE id = ?",
         $job->{id});
my $lost = sub { $t->log_text =~ /job $job->{id}: the lease was lost/ };
kill 'CONT', $runner;
$t->until($lost, 'a word about it');
is_deeply [job($v)->{state}, $v->model->{status}], ['running', 'Training'],
          'a lost lease: nothing is stored';
$db->ask("UPDATE mlforkids_jobs SET lease_until = now() - interval '1 s'
          WHERE id = ?", $job->{id});
$v->wait('Available');

# ---- the project, or the model, is deleted meanwhile

for my $what ('project', 'model') {
    my $gone = MLForKids::Visitor->new($t);
    $gone->teach(\%MLForKids::Visitor::FOOD);
    my $key = $gone->make_key;
    hold();
    my $id = $gone->train->{classifierid};
    wait_job($gone, 'running');
    $runner = runner();
    kill 'STOP', $runner;
    let_go();
    is $gone->call('DELETE', 'project', $what eq 'model' ? "/models/$id" : '')
       ->{status}, 204, "a $what is deleted while it trains";
    kill 'CONT', $runner;
    $t->until(sub { unfinished() == 0 }, 'the end of the job');
    is $db->ask('SELECT count(*) FROM mlforkids_textmodels
                 WHERE projectid = ?', $gone->{projectid}), 0,
       '... no model is left';
    is $db->ask('SELECT count(*) FROM scratchkeys WHERE projectid = ?
                 AND classifierid IS NOT NULL', $gone->{projectid}), 0,
       '... no key points to one';
    is runner(), $runner, '... nothing has died of it';
    is $gone->call('GET', 'key', '/classify?data=apple')->{status},
       $what eq 'model' ? 200 : 404, '... what Scratch is told';
}

# ---- its time is over: swept each minute, and at the start of a runner

$db->ask("UPDATE mlforkids_textmodels SET expiry = now() - interval '1 s'
          WHERE projectid = ?", $v->{projectid});
kill 'KILL', runner();
$t->until(sub { !$v->model }, 'the sweep');
pass 'an expired model is removed';
is_deeply $v->call('GET', 'key', '/status')->{json}, { status => 0,
    type => 'text', msg => 'No models trained yet - only random answers can '
    . 'be chosen' }, '... the key has none';
is $v->call('GET', 'project', '')->{status}, 200, '... the project stays';
is $v->must(200, 'GET', 'project', '/labels')->{fruit}, 6,
   '... with its examples';
$v->train;
$v->wait('Available');
answers('... and trains again');

# ---- the database is restarted while a job runs

hold();
$v->train;
$job = wait_job($v, 'running');
$worker = worker();
my $postgres = $t->service_pid('postgres');
$t->sv('term', 'postgres');
$t->until(sub { my $pid = $t->service_pid('postgres');
                $pid && $pid != $postgres }, 'the database');
$_->close for $db, $lock;

$t->until(sub { $v->call('GET', 'project', '')->{status} == 200 },
          'the API');
pass 'the database was restarted: the API is back';
$db = MLForKids::Psql->new($t);
$db->ask("UPDATE mlforkids_jobs SET lease_until = now() - interval '1 s'
          WHERE id = ? AND state = 'running'", $job->{id});
$v->wait('Available');
is job($v)->{state}, 'done', '... the training was not lost';
is worker(), $worker, '... the worker is the same';
answers('... and answers');
is unfinished(), 0, 'nothing is left to do';

$db->close;
MLForKids::Test::done();
