use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# By hand in nginx's sources, as with any other module.  What "make" builds is
# what all the other tests run.

my $nginx_source = $ENV{TEST_NGINX_SOURCE};
my ($script) = grep { -e "$nginx_source/$_" } qw(configure auto/configure);

die "no nginx-dev in $nginx_source: make deps\n" unless $script;


# configure writes into its folder: one of links leaves the sources as they are

my $source = run_dir() . '/nginx-source';

mkdir $source or BAIL_OUT("mkdir $source: $!");
symlink $_, $source . '/' . s{.*/}{}r
    for grep { !m{/(?:Makefile|objs)\z} } glob "$nginx_source/*";

# not optimized: to compile is what takes time here
my $builddir = run_dir() . '/by-hand';
my ($configured, $out, $configure_err) = run('env', '-C', $source,
    "./$script", '--with-compat', '--with-cc-opt=-O0 -g0',
    "--builddir=$builddir", '--add-dynamic-module=' . root());

is($configured, 0, 'configure --with-compat --add-dynamic-module')
    or diag($out, $configure_err);
like($out, qr/\Q$_\E \.\.\. found/, "which looks for $_")
    for 'hiredis library', 'libpq library';

my ($made, $make_out, $make_err) = run('make', '-s', '-j2', '-C', $source,
    '-f', "$builddir/Makefile", 'modules');

is($made, 0, 'make modules') or diag($make_out, $make_err);

{
    local $ENV{TEST_NGINX_LOAD_MODULES} = "$builddir/ngx_http_prize_module.so";
    my ($tested, $said) = Test::Prize::Nginx->prepare->test;

    is($tested, 0, 'and nginx loads it') or diag($said);
}


# without a library, configure says which package has it: of configure, which
# looks for much else before, the module's part alone

my $objs = run_dir() . '/objs';
my $config = "ngx_addon_dir='@{[ root() ]}'; . '@{[ root() ]}/config'";

mkdir $objs or BAIL_OUT("mkdir $objs: $!");

sub looks {
    my ($shadow) = @_;

    return run('env', '-C', $source, 'CC=cc', "NGX_OBJS=$objs",
               "NGX_AUTOTEST=$objs/autotest", "CC_TEST_FLAGS=-I$shadow",
               "NGX_AUTOCONF_ERR=$objs/autoconf.err", '/bin/sh',
               '-c', $config . '; echo "looked for all"');
}


my $all = run_dir() . '/with-all';

mkdir $all;
like((looks($all))[1], qr/^looked for all$/m, 'with all of them it goes on');

for my $case (['hiredis/hiredis.h', 'libhiredis-dev'],
              ['libpq-fe.h', 'libpq-dev'], ['zlib.h', 'zlib1g-dev'],
              ['openssl/evp.h', 'libssl-dev'])
{
    my ($header, $package) = @$case;
    my $shadow = run_dir() . "/without-$package";

    mkdir $_ for $shadow, "$shadow/hiredis", "$shadow/openssl";
    spew("$shadow/$header", "#error not here\n");

    my ($failed, $said) = looks($shadow);

    isnt($failed, 0, "configure fails without $header");
    like($said, qr/install the package $package/, "and names $package");
    unlike($said, qr/looked for all/, 'and ends');
}


# what "make NGINX_SRC=" cannot use, told before anything is compiled

for my $case (['/no/such/dir', qr/neither configure nor auto\/configure/],
              [run_dir() . '/a b', qr/make cannot use a path with a space/])
{
    my ($dir, $why) = @$case;
    my ($failed, $said, $err) = run('make', '-C', root(), "NGINX_SRC=$dir",
                                    'BUILD=' . run_dir() . '/none');

    isnt($failed, 0, "NGINX_SRC=$dir is refused");
    like($err, qr/^NGINX_SRC=\Q$dir\E: .*$why/m, 'and says why');
}

done_testing();
