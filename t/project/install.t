use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# "make install" and "make uninstall", below a DESTDIR, whose name has a space.
# The build is taken as it is, whatever settings it was made with.

my $build = $ENV{TEST_NGINX_BUILD};
my $dest = run_dir() . '/a dest';
my @make = ('make', '-s', '-C', root(), "BUILD=$build", "DESTDIR=$dest",
            map { "--assume-old=$build/$_" }
                qw(ngx_http_prize_module.so prizectl nginx/Makefile));


sub files {
    my ($status, $out) = run('find', $dest, '-type', 'f', '-printf',
                             '/%P %m\n');
    return sort split /\n/, $out;
}


my ($status, $out, $err) = run(@make, 'PREFIX=/opt/prize', 'install');

is($status, 0, 'make install') or diag($out, $err);

my ($module) = $out =~ /^ +load_module (\S+);$/m;

ok($module, 'says what to add to nginx.conf') or diag($out);
unlike($module, qr/^\Q$dest\E/, 'where it will be, without DESTDIR');

my $doc = '/opt/prize/share/doc/ngx_http_prize_module';
my @samples = map { s{.*/(?=.*/)}{}r }
              map { glob root() . "/conf/$_" } 'pages/*.html', 'balancer/*',
                                                'kubernetes/*';

is_deeply([files()],
          [sort "$module 644", '/opt/prize/bin/prizectl 755',
                '/opt/prize/share/man/man1/prizectl.1 644',
                map({ "$doc/$_ 644" } qw(README.md alerts.yml employee.sql
                                         grafana.json nginx.conf
                                         prometheus.yml), @samples)],
          'the module, the command, its page, and the samples below PREFIX');

my ($configured) = qx('$ENV{TEST_NGINX_BINARY}' -V 2>&1)
                   =~ /--modules-path=(\S+)/;

SKIP: {
    skip 'this nginx does not say where its modules are', 1 if !$configured;
    is($module, "$configured/ngx_http_prize_module.so",
       'the module where this nginx has its own');
}

{
    # the harness takes a list of modules, apart by spaces
    symlink "$dest$module", run_dir() . '/installed.so' or die "symlink: $!";
    local $ENV{TEST_NGINX_LOAD_MODULES} = run_dir() . '/installed.so';
    my ($tested, $said) = Test::Prize::Nginx->prepare->test;

    is($tested, 0, 'nginx loads it') or diag($said);
}

like((run("$dest/opt/prize/bin/prizectl", '--version'))[1], qr/^prizectl \d/,
     'the command runs');


# again, over what is there: a running nginx has the old file mapped

open my $mapped, '<', "$dest$module" or die "$dest$module: $!";
is((run(@make, 'PREFIX=/opt/prize', 'install'))[0], 0, 'once more');
isnt((stat $mapped)[1], (stat "$dest$module")[1],
     'the module is a new file, not the old one written over');

spew("$dest/opt/prize/bin/other", "of another\n");
($status, $out, $err) = run(@make, 'PREFIX=/opt/prize', 'uninstall');
is($status, 0, 'make uninstall') or diag($out, $err);
is_deeply([map { s/ .*//r } files()], ['/opt/prize/bin/other'],
          'leaves what is none of its own');


# Angie and Tengine call themselves otherwise

my $bare = run_dir() . '/bare';
my @bare = map { s/^((?:BUILD|--assume-old)=)\Q$build\E/$1$bare/r } @make;

mkdir $_ or BAIL_OUT("mkdir $_: $!") for $bare, "$bare/nginx";
symlink "$build/$_", "$bare/$_" or BAIL_OUT("symlink $_: $!")
    for qw(ngx_http_prize_module.so prizectl nginx/Makefile);

for my $name ('Angie', 'tengine') {
    spew("$bare/configure.log", qq(  $name modules path: "/opt/$name"\n));
    is((run(@bare, 'PREFIX=/opt/prize', 'install'))[0], 0,
       "make install with $name");
    ok(-e "$dest/opt/$name/ngx_http_prize_module.so", 'finds its modules');
    is((run(@bare, 'PREFIX=/opt/prize', 'uninstall'))[0], 0,
       'and so does make uninstall');
}


# a build whose configure has not said where nginx has its modules: none, no
# log at all, and a path that is relative

for my $log ("Configuration summary\n", undef,
             qq(  nginx modules path: "modules"\n))
{
    unlink "$bare/configure.log";
    spew("$bare/configure.log", $log) if defined $log;

    for my $target (qw(install uninstall)) {
        my ($failed, undef, $why) = run(@bare, 'PREFIX=/opt/prize', $target);
        my $case = "$target with " . ($log // 'no log') =~ s/\s+/ /gr;

        isnt($failed, 0, "$case: fails");
        like($why, qr{^\S+/configure.log has no "modules path": run},
             "$case: and says why");
        is_deeply([map { s/ .*//r } files()], ['/opt/prize/bin/other'],
                  "$case: nothing was written or removed");
    }
}

done_testing();
