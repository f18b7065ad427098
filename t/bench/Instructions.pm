package Instructions;

# How many instructions a worker takes for a page, counted by callgrind: the
# difference of two runs, of few and of many requests, so that its start, its
# connections and its end are not in it.  The clock is not in it either: the
# same code and the same order of events give the same count.
#
#     my $count = Instructions::row($site, $page, 'gzip', $connections);
#
# Callgrind's processor has no instructions for SHA-256, so that OpenSSL takes
# ten times as many others.  The "-stepped" rows step through each instruction
# of the real one, which takes its time.

use strict;
use warnings;

use List::Util qw(max);

use Test::Prize;
use Measure;

our @names = qw(plain gzip static gzip_static signed plain-stepped
                signed-stepped postgres postgres-gzip);


sub row {
    my ($site, $page, $name, $connections) = @_;
    my ($step, $gzip, $signed) = map { $name =~ /$_/ ? 1 : 0 }
                                 qw(stepped gzip signed);
    my $conf = $name =~ /static/ ? $site->static(gzip => $gzip)
        : $site->prize($page, $name =~ /postgres/ ? 'alone' : 'redis',
                       signed => $signed);

    # callgrind's file is the worker's
    $conf->{main} = 'user root;';

    my ($few, $more) = $step ? (5, 50)
                       : (max(200, $connections), max(1000, 2 * $connections));
    my @total = map {
        my ($nginx, $counted) = $step ? step($site, $conf)
                                      : callgrind($site, $conf);
        my $subject = { port => $conf->{port},
                        encoding => $gzip ? 'gzip' : 'identity' };

        Measure::checked($subject, $connections, requests($site, $name),
                         requests => $_);
        $nginx->stop('QUIT');
        $counted->() // die "nothing was counted\n";
    } $few, $few + $more;

    return ($total[1] - $total[0]) / $more;
}


# the same random employees in every row and run

sub requests {
    my ($site, $name) = @_;

    return sub { return ('/page.html', $site->id(1)) } if $name =~ /static/;

    srand 42;

    my @ids = map { $site->id(1 + int rand $site->{employees}) } 1 .. 10_000;
    my @paths = $name =~ /signed/ ? $site->links(@ids)
                                  : map { "/h5?id=$_" } @ids;

    return sub { my $n = $_[0] % @paths; return ($paths[$n], $ids[$n]) };
}


# Both start an nginx and return what, at its end, tells the count.

sub callgrind {
    my ($site, $conf) = @_;
    my $nginx = $site->prepare($conf);
    my $dir = $nginx->{dir};
    my $worker;

    $nginx->spawn(command => ['valgrind', '-q', '--tool=callgrind',
        "--callgrind-out-file=$dir/callgrind.%p", $nginx->{binary},
        '-p', "$dir/", '-c', "$dir/nginx.conf", '-e', "$dir/error.log"]);
    $nginx->await('nginx below callgrind', sub {
        ($worker) = $nginx->children;
        return -s "$dir/nginx.pid" && $worker;
    });

    return ($nginx, sub {
        return (slurp("$dir/callgrind.$worker") =~ /^totals: (\d+)/m)[0];
    });
}


sub step {
    my ($site, $conf) = @_;
    my $nginx = $site->prepare($conf)->start;

    open my $steps, '-|', "$ENV{TEST_NGINX_BUILD}/steps", $nginx->workers
        or die "cannot run steps: $!\n";
    die "cannot step through a worker\n"
        if (readline($steps) // '') ne "attached\n";

    return ($nginx, sub { return readline $steps });
}


1;
