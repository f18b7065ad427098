package Instructions;

# How many instructions a worker takes for a page, counted by callgrind: the
# difference of two runs, of few and of many requests, so that its start, its
# connections and its end are not in it.  The clock is not in it either: the
# same code and the same order of events give the same count.
#
#     my $count = Instructions::per_page($site, $configuration,
#         request => sub { my ($n) = @_; ...; return ($path, $id) },
#         gzip => 1, connections => 1);
#
# Each page has to be that employee's.
#
# Callgrind's processor has no instructions for SHA-256, so that OpenSSL takes
# ten times as many others.  With "step" each instruction of the real one is
# stepped through, which takes its time.

use strict;
use warnings;

use Compress::Zlib qw(memGunzip);
use List::Util qw(max);

use Test::Prize;
use Test::Prize::Clients;


sub per_page {
    my ($site, $conf, %option) = @_;
    my $connections = $option{connections} // 1;
    my $few = $option{step} ? 5 : max(200, $connections);
    my $more = $option{step} ? 50 : max(1000, 2 * $connections);
    my @total = map { total($site, $conf, %option, requests => $_) }
                $few, $few + $more;

    return ($total[1] - $total[0]) / $more;
}


# of one run, from start to end

sub total {
    my ($site, $conf, %option) = @_;
    my ($nginx, $counted) = $option{step} ? step($site, $conf)
                                          : callgrind($site, $conf);
    my $misses = $site->misses;
    my $result = Test::Prize::Clients->new(
        port => $conf->{port}, connections => $option{connections} // 1,
        request => $option{request},
        headers => $option{gzip} ? 'Accept-Encoding: gzip' : '',
        check => sub { return check($option{gzip}, @_) },
    )->run(requests => $option{requests});

    my $described = Test::Prize::Clients->describe($result);

    $nginx->stop('QUIT');
    die "$described\n" if $result->{lost} || $result->{wrong};
    die "Redis did not know everybody\n" if $site->misses != $misses;
    die $nginx->error_log if $nginx->error_log ne '';

    return $counted->() // die "nothing was counted\n";
}


sub check {
    my ($gzip, $id, $body, $status, $head) = @_;

    return "status $status" if $status != 200;
    return $gzip ? 'not gzipped' : 'gzipped'
        if ($gzip ? 1 : 0) != ($head =~ /^content-encoding: gzip\r$/mi || 0);

    return Test::Prize::Clients::check_page($id,
        $gzip ? memGunzip($body) // '' : $body, $status);
}


# Both start an nginx and return what, at its end, tells the count.

# the worker writes its file as the user it has become

sub callgrind {
    my ($site, $conf) = @_;
    my $nginx = $site->prepare($conf);
    my $dir = $nginx->{dir};
    my $worker;

    mkdir "$dir/callgrind" or die "mkdir $dir/callgrind: $!\n";
    chmod 01777, "$dir/callgrind" or die "chmod $dir/callgrind: $!\n";

    $nginx->spawn(command => ['valgrind', '-q', '--tool=callgrind',
        "--callgrind-out-file=$dir/callgrind/%p", $nginx->{binary},
        '-p', "$dir/", '-c', "$dir/nginx.conf", '-e', "$dir/error.log"]);
    $nginx->await('nginx below callgrind', sub {
        ($worker) = $nginx->children;
        return -s "$dir/nginx.pid" && $worker;
    });

    return ($nginx, sub {
        my ($total) = slurp("$dir/callgrind/$worker") =~ /^totals: (\d+)/m;
        return $total;
    });
}


sub step {
    my ($site, $conf) = @_;
    my $nginx = $site->start($conf);
    my ($worker) = $nginx->workers;

    open my $steps, '-|', step_program(), $worker
        or die "cannot run " . step_program() . ": $!\n";
    die "cannot step through a worker\n"
        if (readline($steps) // '') ne "attached\n";

    return ($nginx, sub {
        my ($total) = (readline($steps) // '') =~ /^(\d+)$/;
        return $total;
    });
}


sub step_program {
    return ($ENV{TEST_NGINX_BUILD} // root() . '/build') . '/steps';
}


# ---- the rows of the report


my %rows = (
    'plain' => { source => 'redis' },
    'gzip' => { source => 'redis', gzip => 1 },
    'static' => { static => 1 },
    'gzip_static' => { static => 1, gzip => 1 },
    'signed' => { source => 'redis', signed => 1 },
    'plain-stepped' => { source => 'redis', step => 1 },
    'signed-stepped' => { source => 'redis', signed => 1, step => 1 },
    'postgres' => { source => 'alone' },
    'postgres-gzip' => { source => 'alone', gzip => 1 },
);


sub names {
    return qw(plain gzip static gzip_static signed plain-stepped
              signed-stepped postgres postgres-gzip);
}


sub row {
    my ($site, $page, $name, %option) = @_;
    my $row = $rows{$name} // die "no row \"$name\": " . join(' ', names())
                              . "\n";
    my $conf = $row->{static}
               ? $site->static(sendfile => 1, nopush => 1, gzip => $row->{gzip})
               : $site->prize($page, $row->{source}, signed => $row->{signed});

    return per_page($site, $conf, gzip => $row->{gzip}, step => $row->{step},
                    %option, request => requests($site, $row));
}


# the same random employees in every row and run

sub requests {
    my ($site, $row) = @_;

    return sub { return ('/page.html', $site->id(1)) } if $row->{static};

    srand 42;

    my @ids = map { $site->id(1 + int rand $site->{employees}) } 1 .. 10_000;
    my @paths = $row->{signed} ? $site->links(@ids)
                               : map { "/h5?id=$_" } @ids;

    return sub { my $n = $_[0] % @paths; return ($paths[$n], $ids[$n]) };
}


1;
