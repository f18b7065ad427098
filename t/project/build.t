use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# The two ways to build: "make", and by hand in nginx's sources.

my $nginx_source = $ENV{TEST_NGINX_SOURCE};
my ($script) = grep { -e "$nginx_source/$_" } qw(configure auto/configure);

die "no nginx-dev in $nginx_source: make deps\n" unless $script;


my $nginx = Test::Prize::Nginx->prepare;
my ($status, $err) = $nginx->test;

is($status, 0, 'nginx loads the module that make built');
like($err, qr/test is successful/, 'and says so');
unlike($err, qr/\[(?:warn|error|alert|crit|emerg)\]/, 'without a complaint');


# configure writes into its folder: one of links leaves the sources as they are

my $source = run_dir() . '/nginx-source';

mkdir $source or BAIL_OUT("mkdir $source: $!");
symlink $_, $source . '/' . s{.*/}{}r
    for grep { !m{/(?:Makefile|objs)\z} } glob "$nginx_source/*";

my $builddir = run_dir() . '/by-hand';
my @configure = ('env', '-C', $source, "./$script", '--with-compat',
                 "--builddir=$builddir", '--add-dynamic-module=' . root());
my ($configured, $out, $configure_err) = run(@configure);

is($configured, 0, 'configure --with-compat --add-dynamic-module')
    or diag($out, $configure_err);
like($out, qr/hiredis library \.\.\. found/, 'which looks for hiredis');
like($out, qr/libpq library \.\.\. found/, 'and libpq');

my ($made, $make_out, $make_err) = run('make', '-s', '-C', $source, '-f',
                                       "$builddir/Makefile", 'modules');

is($made, 0, 'make modules') or diag($make_out, $make_err);

{
    local $ENV{TEST_NGINX_LOAD_MODULES} = "$builddir/ngx_http_prize_module.so";
    my ($tested, $said) = Test::Prize::Nginx->prepare->test;

    is($tested, 0, 'and nginx loads it') or diag($said);
}


# without a library, configure says which package has it

for my $case (['hiredis/hiredis.h', 'libhiredis-dev'],
              ['libpq-fe.h', 'libpq-dev'])
{
    my ($header, $package) = @$case;
    my $shadow = run_dir() . "/without-$package";

    mkdir $shadow;
    mkdir "$shadow/hiredis";
    spew("$shadow/$header", "#error not here\n");

    my ($failed, $said) = run(@configure, "--with-cc-opt=-I$shadow");

    isnt($failed, 0, "configure fails without $header");
    like($said, qr/install the package $package/, "and names $package");
}

done_testing();
