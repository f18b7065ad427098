use strict;
use warnings;

use lib 't/lib', 't/chaos';
use HTTP::Tiny;
use Load;
use Test::More;
use Test::Prize;
use Test::Prize::Balancer;
use Test::Prize::Fault;
use Test::Prize::Roster;
use Time::HiRes qw(sleep);

# Three hosts behind a stock balancer, as conf/balancer/ has it.  A host is an
# nginx of its own here.

my $redis = Test::Prize::Redis->start;
my $postgres = Test::Prize::Postgres->start;
my $roster = Test::Prize::Roster->create($postgres, rows => 200);
my @hosts = map { host($_) } 1 .. 3;

$roster->load($redis);


sub host {
    my ($n) = @_;

    return Test::Prize::Fault->new(redis => [$redis], roster => $roster,
        location => 'error_page 503 /503.html;',
        http => "add_header X-Worker $n always;",
        server => <<~'CONF', files => { '503.html' => 'in a moment' });
            location = /ready { prize_status ready; }
            location = /503.html { internal; root .; }
            CONF
}


sub balance {
    my ($kind) = @_;

    return Test::Prize::Balancer->start($kind,
        hosts => [map { "127.0.0.1:$_->{port}" } @hosts]);
}


# as an orchestrator asks it

sub readiness {
    my ($host) = @_;

    return $host->nginx->get("http://127.0.0.1:$host->{port}/ready")->{status};
}


# waits until the balancer uses all of them

sub all_used {
    my ($balancer) = @_;

    eventually {
        my %host;
        $hosts[0]->quietly(port => $balancer->{port}, requests => 60,
            keep => sub { $host{$1}++ if $_[1]{head} =~ /^X-Worker: (\d)/m });
        return keys %host == 3;
    } 'three hosts in use';
}


# pages from all three, while something is done

sub under_load {
    my ($balancer, $do) = @_;
    my $load = Load->start(rate => 300, seed => 1,
                           site => Front->new($balancer->{port}, $roster->ids));

    my $done = eval { $do->(); 1 };
    my $why = $@;

    $load->stop;
    die $why unless $done;
    return $load->sums;
}


sub answered {
    my ($sums, $what) = @_;

    is_deeply({ map { $_ => $sums->{$_} } qw(lost wrong status) },
              { lost => 0, wrong => 0,
                status => { 200 => $sums->{requests} } }, $what)
        or diag(@{ $sums->{why} });
    is(join(' ', sort keys %{ $sums->{worker} }), '1 2 3',
       'all hosts had a part');
}


for my $kind (Test::Prize::Balancer->kinds) {

    subtest "row 94: $kind, hosts added and drained under load" => sub {
        my $balancer = balance($kind);

        all_used($balancer);
        answered(under_load($balancer, sub {
            for my $n (1 .. 3) {
                my $nginx = $hosts[$n - 1]->nginx;

                $balancer->drain($n);
                $nginx->stop('QUIT');
                $nginx->start;
                eventually { readiness($hosts[$n - 1]) == 200 } 'ready';
                $balancer->add($n);
            }
        }), 'no request is lost');
    };


    # Its requests wait for Redis.  What it has not answered is asked of another
    # host; what is on its way to an employee would be lost.

    subtest "row 93: $kind, a host is killed" => sub {
        my $balancer = balance($kind);
        my $nginx = $hosts[1]->nginx;

        all_used($balancer);
        answered(under_load($balancer, sub {
            sleep 1;
            $redis->pause;
            sleep 0.3;
            kill 'KILL', $nginx->{pid}, $nginx->workers;
            $nginx->stop('KILL');
            $redis->resume;
            sleep 1;
        }), 'the others answer');

        $nginx->start;
    };
}


# asked of none, but by the balancer

subtest 'row 95: both stores are down' => sub {
    my @balancers = map { balance($_) } Test::Prize::Balancer->kinds;

    all_used($_) for @balancers;
    $_->kill for $redis, $postgres;

    my (%host, %body);

    # as long as it takes to see that a host is not ready

    for my $balancer ((@balancers) x 3) {
        $hosts[0]->ask('503, with Retry-After', requests => 60,
            port => $balancer->{port}, status => 503, keep => sub {
                my (undef, $answer) = @_;
                $host{$balancer}{$1}++
                    if $answer->{head} =~ /^X-Worker: (\d)/m;
                $body{ $answer->{body} }++;
            });
        sleep 1;
    }

    is(join(' ', sort keys %{ $host{$_} }), '1 2 3', 'from all hosts')
        for @balancers;
    is(join('', keys %body), 'in a moment', 'and friendly');
    is(readiness($_), 200, 'ready') for @hosts;
};

done_testing();


package Front;

# whom the clients ask

sub new { my ($class, @self) = @_; return bless [@self], $class }
sub port  { return $_[0][0] }
sub ids   { return $_[0][1] }
sub paths { return '/h5' }
