use strict;
use warnings;

use lib 't/lib';
use HTTP::Date qw(str2time);
use POSIX qw(strftime tzset);
use Test::More;
use Test::Prize;
use Test::Prize::Client;
use Test::Prize::Clock;

# prize_open: to the second, from both sides, in three zones, over a change of
# the clock by an hour and over a reload; and no store is asked meanwhile.
# libfaketime moves the wall clock of nginx, or has it stand.

my ($from, $until) = (1798074000, 1798732800);
my $open = 'prize_open 2026-12-24T09:00:00+08:00'
           . ' until=2027-01-01T00:00:00+08:00 early=T1;';
my $clock = Test::Prize::Clock->new;
my $redis = Test::Prize::Redis->start;
my $port = free_port();
my $client = Test::Prize::Client->new($port);

$redis->commands(map { ['HSET', "employee:$_", 'id', $_] } qw(7 T1));


sub configuration {
    my ($open, %option) = @_;

    return (binary => $clock->binary, main => $clock->main,
            files => { 'page.html' => '{{id}}' }, %option, http => <<"CONF");
    server {
        listen 127.0.0.1:$port;
        location = /h5 {
            prize_page page.html;
            prize_redis_pass 127.0.0.1:$redis->{port};
            $patient
            $open
        }
    }
CONF
}


# the clock stands at this second; the library takes it for one of the zone

sub stand {
    my ($time) = @_;

    $clock->set(strftime('%F %T', localtime $time));
    return;
}


sub answers {
    my ($time, $status, $name) = @_;

    stand($time);
    is($client->get('/h5?id=7')->{status}, $status, "$name: $status");
    is($client->get('/h5?id=T1')->{status}, 200, 'and a tester has the page');
    return;
}


# ---- in three zones, and over an hour either way

for my $zone (qw(UTC Asia/Shanghai America/New_York)) {
    local $ENV{TZ} = $zone;

    tzset();
    stand($from - 1);

    my $nginx = Test::Prize::Nginx->start(configuration($open));

    answers($from - 1, 403, "$zone: the second before it opens");
    answers($from, 200, "$zone: the second in which it opens");
    answers($until - 1, 200, "$zone: its last second");
    answers($until, 410, "$zone: the second after that");
    answers($from - 3600, 403, "$zone: back to an hour before");
    answers($from + 3599, 200, "$zone: two hours on, less a second");
    answers($from - 1, 403, "$zone: an hour back");
    answers($until + 3600, 410, "$zone: an hour after its end");
    answers($until - 1, 200, "$zone: an hour back, and a second");

    $nginx->stop;
}

tzset();


# ---- over reloads, and by another configuration

{
    stand($from - 1);

    my $nginx = Test::Prize::Nginx->start(configuration($open));

    answers($from - 1, 403, 'before a reload');
    $nginx->reload;
    answers($from - 1, 403, 'after it');
    answers($from, 200, 'when it is time');
    $nginx->reload;
    answers($from, 200, 'after another one');

    $nginx->configure(configuration($open =~ s/T09:00:00/T09:00:01/r));
    $nginx->reload;
    answers($from, 403, 'a second later, by another configuration');
    answers($from + 1, 200, 'and then');
    $nginx->stop;
}


# ---- no store is asked while it is closed

{
    stand($from - 1);

    my $nginx = Test::Prize::Nginx->start(configuration($open));
    my $before = $redis->calls('hmget');

    for my $time ($from - 1, $until) {
        stand($time);
        $client->get('/h5?id=7') for 1 .. 100;
    }

    is($redis->calls('hmget'), $before, '200 requests, and no lookup');
    answers($from, 200, 'when it is open');
    is($redis->calls('hmget'), $before + 2, 'two requests, and two lookups');
    $nginx->stop;
}


# ---- while the clock runs, and workers come and go: each answer keeps to the
# second that it names itself

{
    my $nginx = Test::Prize::Nginx->start(configuration($open, workers => 2));
    my ($reloads, %seen, @wrong) = (0);
    my $now = 0;

    $clock->set(sprintf '%+d', $from - 3 - time);

    for (my $n = 0; $now < $from + 2; $n++) {
        my $answer = $client->get('/h5?id=7');
        my $status = $answer->{status};

        $now = str2time(($answer->header('Date'))[0]);
        $seen{$status}++;
        push @wrong, "$status at $now"
            if $status != ($now < $from ? 403 : 200);

        if ($n % 100 == 0 && $now >= $from - 1) {
            $nginx->signal('HUP');
            $reloads++;
        }
    }

    is_deeply(\@wrong, [], '403 up to the last second, and then the page');
    is_deeply([sort keys %seen], [200, 403], 'both of them');
    cmp_ok($reloads, '>', 1, 'reloads meanwhile');
    $nginx->stop;
}

done_testing();
