use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Prize;

# A page that may not be read.  Root may read everything, so nginx runs as
# somebody else, which no block can ask for.

my $nginx = Test::Prize::Nginx->prepare(files => {'page.html' => 'page'},
    http => 'server { location = /h5 { prize_page page.html; } }');
my $dir = $nginx->{dir};
my @user = $> == 0 ? ('runuser', '-u', 'nobody', '--') : ();

chmod 0, "$dir/page.html" or BAIL_OUT("chmod: $!");
chown +(getpwnam 'nobody')[2, 3], $dir, "$dir/temp" if @user;

my ($status, undef, $said) = run(@user, $nginx->{binary}, '-t', '-p', "$dir/",
    '-c', "$dir/nginx.conf", '-e', "$dir/error.log");

is($status, 1, 'nginx -t fails');
like($said, qr{\[emerg\][ ]"prize_page"[ ]cannot[ ]open[ ]"\Q$dir\E/page\.html"
              [ ]\(13:[ ]Permission[ ]denied\)[ ]in[ ]
              \Q$dir\E/nginx\.conf:\d+$}mx,
     'and names the file, the reason and the line');

done_testing();
