use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;
use Test::Prize::Fault;
use Test::Prize::Roster;

# The configuration is read again while employees open their pages: nobody
# notices, whatever has changed, and what is wrong is not taken.

my $redis = Test::Prize::Redis->start;
my $roster = Test::Prize::Roster->create(shared_postgres(), rows => 200);
my @ids = @{ $roster->ids };


sub site {
    return Test::Prize::Fault->new(redis => [$redis], roster => $roster, @_);
}


subtest 'row 37: 20 reloads under load' => sub {
    $roster->load($redis, ids => [map { $ids[2 * $_] } 0 .. 99]);

    my $site = site(workers => 2, location => 'prize_write_back off;',
        query => 'SELECT employee.* FROM employee, pg_sleep(0.1)'
                 . ' WHERE id = ANY($1)');
    my $nginx = $site->nginx;
    my ($reloads, $asked, %old) = (-1, 0);

    # the next one when the last one's workers have served for a while

    my $result = $site->ask('pages', rate => 400, connections => 100,
        status => 200, every => [0.02 => sub {
            my ($clients) = @_;
            my @workers = $nginx->workers;

            return if $reloads == 20 || $clients->answers < $asked
                      || @workers < 2 || grep({ $old{$_} } @workers);
            return $clients->stop if ++$reloads == 20;

            @old{@workers} = (1) x @workers;
            $asked = $clients->answers + 40;
            $nginx->signal('HUP');
        }]);

    my $half = int(($result->{requests} + 1) / 2);

    is($reloads, 20, '20 reloads');
    is_deeply($result->{source}, {redis => $half,
              postgres => $result->{requests} - $half},
              'half of the pages from either store');

    eventually { $nginx->children == 2 } 'the end of the old workers';
    is($site->status->{workers}, 2, 'the old workers are gone');
    $site->over;
};


# What it says in each state is in t/prize_status.t.

subtest 'prize_status ready: a reload while no store is there' => sub {
    my $nobody = free_port();
    my $site = site(workers => 2, conninfo => "hostaddr=127.0.0.1 port=$nobody",
                    server => 'location = /ready { prize_status ready; }');
    my $nginx = $site->nginx;
    my $get = sub {
        return $nginx->get("http://127.0.0.1:$site->{port}$_[0]")->{status};
    };
    my $become = sub {
        my ($location, $status, $name) = @_;
        ok(eval { eventually { $get->($location) == $status } $name }, $name);
    };
    my $all = sub { return { map { ($get->('/ready') => '') } 1 .. 50 } };

    $become->('/ready', 200, 'ready');
    $redis->kill;
    $become->("/h5?id=$ids[0]", 503, 'then without a store');
    is_deeply($all->(), { 200 => '' }, 'ready all the same');

    $nginx->reload;
    is_deeply($all->(), { 503 => '' }, 'not after a reload');

    $redis->start;
    $become->('/ready', 200, 'when Redis is back');
    is_deeply($all->(), { 200 => '' }, 'all workers');
    $site->over(lines => 8);
};


# What "nginx -t" says of it, and of one that is not there, is in
# t/prize_page.t and t/template.t.

subtest 'row 47: a page that is no good on reload' => sub {
    my $site = site();
    my $nginx = $site->nginx;
    my @workers = $nginx->workers;
    my $page = "$nginx->{dir}/page.html";

    for my $case ([malformed => qr/page\.html:2:4: /,
                   sub { spew($page, "<p>\n<p>{{#name}}</p>\n") }],
                  [missing => qr/cannot open ".*page\.html"/,
                   sub { unlink $page }],
                  ['a folder' => qr/wants a file .*page\.html" is not/,
                   sub { mkdir $page }])
    {
        my ($name, $refusal, $break) = @$case;

        $break->();
        $nginx->signal('HUP');
        eventually { $nginx->error_log =~ /\[emerg\].*$refusal/ } $name;
        $site->ask("$name: pages as before", requests => 100, status => 200);
        is_deeply([$nginx->workers], \@workers, 'of the same worker');
    }

    $site->over(expected => qr/\[emerg\].*page\.html/);
};


# a page of these fields, each in brackets

sub page {
    my (@fields) = @_;

    return '<body data-id="{{id}}">' . join('', map { "[{{$_}}]" } @fields)
           . '</body>';
}


subtest 'row 49: schema and page edited while the event runs' => sub {
    $redis->command('FLUSHALL');
    $roster->load($redis, query => 'SELECT id, name, department, prize'
                                   . ' FROM employee');

    my $site = site(workers => 2,
                    files => {'page.html' => page(qw(department))});
    my $nginx = $site->nginx;

    # pages until 400 have the first of these forms, and no others
    my $load = sub {
        my ($name, $forms, %option) = @_;
        my %seen;
        my $result = $site->ask($name, rate => 800, status => 200, %option,
            keep => sub {
                my ($clients, $answer) = @_;
                my ($team) = $answer->{body} =~ /\[(team of [^\]]*)\]/;
                my $form = !defined $team ? 'old'
                           : $team eq "team of $answer->{id}" ? 'new'
                           : 'wrong';

                $clients->stop if ++$seen{$form} == 400
                                  && $form eq $forms->[0];
            });

        is_deeply([sort keys %seen], $forms, "$name: @$forms pages");
        return $result->{source};
    };

    $load->('before', ['old'], from => 'redis');
    $load->('column added', ['old'], after => { 100 => sub {
        $roster->sql(q{ALTER TABLE employee ADD COLUMN team text;
                       UPDATE employee SET team = 'team of ' || id});
    } });

    my $source = $load->('page edited', ['new', 'old'], after => {
        100 => sub {
            spew("$nginx->{dir}/page.html", page(qw(department team)));
            $nginx->signal('HUP');
        } });
    cmp_ok($source->{postgres}, '>=', 200, 'Redis was stale');

    eventually {
        my $stored = $roster->stored($redis);
        return !grep { !defined $_->{team} } @$stored;
    } 'all written back';
    $load->('afterwards', ['new'], from => 'redis');
    $site->over;
};


done_testing();
