# The chart of `make bench`: report.tcl gives data, out, n, first, second, size.
# A bar begins at 1, where both are as fast, and goes to the ratio.

height = 90 + 34 * n
set terminal svg size 1000,height dynamic \
  font "Helvetica,Arial,sans-serif,13" background "#ffffff"
set output out
set encoding utf8
set datafile separator "\t"

ink = "#24292f"; soft = "#6e7781"; grid = "#e4e8ec"
set lmargin at screen 0.46
set rmargin at screen 0.955
set tmargin at screen 1 - 74.0 / height
set bmargin at screen 38.0 / height

set label 1 "How many times as fast as the expert's SQL" \
  at screen 0.02, screen 1 - 26.0 / height left \
  font ",18" tc rgb ink
set label 2 "The same answer, byte for byte, from both; ".size. \
  " users, ten posts and fifty comments of each" \
  at screen 0.02, screen 1 - 50.0 / height left tc rgb soft
set key at screen 0.955, screen 1 - 22.0 / height right top horizontal \
  samplen 1 tc rgb ink width 2

set logscale x 2
set xrange [0.25:16]
set yrange [n + 0.6:0.4]
set border 0
set xtics ("¼" 0.25, "½" 0.5, "1" 1, "2" 2, "4" 4, "8" 8, "16" 16) \
  scale 0 tc rgb soft
set ytics scale 0 tc rgb ink
set grid xtics lt 1 lw 1 lc rgb grid
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lw 1.5 lc rgb soft back
set style fill solid 1 noborder

# x, y, from, to, below, above
short(x) = x < 0.25 ? 0.25 : x > 16 ? 16 : x
label(x) = sprintf(x < 0.995 ? "%.2f" : x < 9.95 ? "%.1f" : "%.0f", x)
plot data using (1):1:ytic(2) with dots lc rgb grid notitle, \
  "" using (1):($1 - 0.18):(1):(short($3)):($1 - 0.34):($1 - 0.02) \
    with boxxyerror lc rgb "#1f6feb" title first, \
  "" using (1):($1 + 0.18):(1):(short($4)):($1 + 0.02):($1 + 0.34) \
    with boxxyerror lc rgb "#7cc4a4" title second, \
  "" using (short($3) > 1 ? short($3) : 1):($1 - 0.18):(label($3)) \
    with labels left offset 0.5, 0 font ",10" tc rgb ink notitle, \
  "" using (short($4) > 1 ? short($4) : 1):($1 + 0.18):(label($4)) \
    with labels left offset 0.5, 0 font ",10" tc rgb ink notitle
