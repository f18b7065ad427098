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
    my (%option) = @_;

    # a slow machine makes no Redis hit a miss
    $option{location} .= 'prize_redis_connect_timeout 5s;'
                         . 'prize_redis_timeout 5s;';

    return Test::Prize::Fault->new(redis => [$redis], roster => $roster,
                                   %option);
}


subtest 'row 37: 20 reloads under load' => sub {
    my $half = join ',', map { "'$ids[2 * $_]'" } 0 .. 99;

    $roster->load($redis,
                  query => "SELECT * FROM employee WHERE id IN ($half)");

    my $site = site(workers => 2, location => 'prize_write_back off;',
        query => 'SELECT employee.* FROM employee, pg_sleep(0.1)'
                 . ' WHERE id = ANY($1)');
    my $nginx = $site->nginx;
    my ($reloads, $asked, %old) = (-1, 0);

    # the next one when the last one's workers have served for a while

    my $result = $site->ask('row 37: pages', rate => 400, connections => 100,
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

    my $half_of_it = int(($result->{requests} + 1) / 2);

    is($reloads, 20, 'row 37: 20 reloads');
    is_deeply($result->{source}, {redis => $half_of_it,
              postgres => $result->{requests} - $half_of_it},
              'row 37: half of the pages from either store');

    eventually { $nginx->children == 2 } 'the end of the old workers';
    is($site->status->{workers}, 2, 'row 37: the old workers are gone');
    $site->over('row 37');
};


subtest 'row 47: a page that is no good on reload' => sub {
    my $site = site();
    my $nginx = $site->nginx;
    my $page = "$nginx->{dir}/page.html";
    my @workers = sort $nginx->workers;

    my %broken = (
        missing => [qr/No such file/, sub { unlink $page or die "$!" }],
        unreadable => [qr/prize_page.*page\.html/, sub { mkdir $page }],
        malformed => [qr/page\.html:2:4: /, sub {
            rmdir $page;
            spew($page, "<p>\n<p>{{#name}}</p>\n");
        }],
    );

    for my $how (qw(missing unreadable malformed)) {
        my ($where, $break) = @{ $broken{$how} };

        $break->();

        my ($status, $err) = $nginx->test;

        is($status, 1, "row 47: $how: nginx -t finds it");
        like($err, qr/\[emerg\].*$where.* in \S+nginx\.conf:\d+/,
             "row 47: $how: and says where");

        my $refusals = () = $nginx->error_log =~ /\[emerg\]/g;

        $nginx->signal('HUP');
        eventually { my @all = $nginx->error_log =~ /\[emerg\]/g;
                     @all > $refusals } 'a refusal';
        $site->ask("row 47: $how: pages as before", requests => 100,
                   status => {200 => 100});
        is_deeply([sort $nginx->workers], \@workers,
                  "row 47: $how: of the same worker");
    }

    $site->over('row 47', expected => qr/\[emerg\].*page\.html/);
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
    my %form;

    my $load = sub {
        my ($name, %option) = @_;
        my $result = $site->ask("row 49: $name", requests => 400, rate => 800,
            status => 200, %option, keep => sub {
                my ($clients, $answer) = @_;
                my ($team) = $answer->{body} =~ /\[(team of [^\]]*)\]/;
                my $form = !defined $team ? 'old'
                           : $team eq "team of $answer->{id}" ? 'new'
                           : 'wrong';

                # a reload takes as long as it takes
                $clients->stop if ++$form{$name}{$form} == 400
                                  && $form eq 'new';
            });
        return $result->{source};
    };

    is_deeply($load->('before'), {redis => 400}, 'row 49: from Redis');
    is_deeply($form{before}, {old => 400}, 'row 49: the old page');

    $load->('column added', after => { 100 => sub {
        $roster->sql(q{ALTER TABLE employee ADD COLUMN team text;
                       UPDATE employee SET team = 'team of ' || id});
    } });
    is_deeply($form{'column added'}, {old => 400}, 'row 49: the old page');

    my $source = $load->('page edited', requests => 1_000_000, after => {
        100 => sub {
            spew("$nginx->{dir}/page.html", page(qw(department team)));
            $nginx->signal('HUP');
        } });

    is(join(' ', sort keys %{ $form{'page edited'} }), 'new old',
       'row 49: the old page, then the new one');
    cmp_ok($source->{postgres}, '>=', 200, 'row 49: Redis was stale');

    eventually {
        my $stored = $roster->stored($redis);
        return !grep { !defined $_->{team} } @$stored;
    } 'all written back';
    is_deeply($load->('afterwards'), {redis => 400},
              'row 49: Redis was written to');
    is_deeply($form{afterwards}, {new => 400}, 'row 49: the new page');

    $site->over('row 49');
};


done_testing();
