# Draws grey images of 40 x 40 pixels as TIFF, a folder a class, for pages that speak of somebody's own images:
# perl images.pl FOLDER COUNT CLASS ...
use strict;
use warnings;

my ($folder, $count, @classes) = @ARGV;
my $side = 40;
srand 1;
system('mkdir', '-p', map { "$folder/$_" } @classes) == 0 or die;
for my $class (0 .. $#classes) {
  for my $number (1 .. $count) {
    my $pixels = '';
    for my $y (0 .. $side - 1) {
      # Stripes, denser from class to class.
      $pixels .= chr(int(100 + 60 * sin($_ * ($class + 1) / 3 + $y / 9) + rand 60)) for 0 .. $side - 1;
    }
    my @entries = (
      [256, $side], [257, $side], [258, 8], [259, 1], [262, 1], [273, 122], [277, 1], [278, $side], [279, $side ** 2]);
    open my $file, '>:raw', sprintf("$folder/$classes[$class]/%03d.tif", $number) or die;
    print $file pack('a2 v V v', 'II', 42, 8, scalar @entries), map({ pack 'v v V V', $_->[0], 4, 1, $_->[1] } @entries),
      pack('V', 0), $pixels;
  }
}
