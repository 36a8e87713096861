# The chart of `make bench-orm`: report.js gives data, out, n, names.
# A row for each load, a dot for each library, on a scale of milliseconds.

height = 140 + 46 * n
set terminal svg size 1000,height dynamic \
  font "Helvetica,Arial,sans-serif,13" background "#ffffff"
set output out
set encoding utf8
set datafile separator "\t"

ink = "#24292f"; soft = "#6e7781"; grid = "#e4e8ec"
array color[8] = ["#1f6feb", "#79b8ff", "#57606a", "#2da44e", "#d4a72c", \
  "#8250df", "#cf222e", "#f08c3c"]
set lmargin at screen 0.4
set rmargin at screen 0.97
set tmargin at screen 1 - 104.0 / height
set bmargin at screen 40.0 / height

set label 1 "Milliseconds until there is a JSON document" \
  at screen 0.02, screen 1 - 26.0 / height left font ",18" tc rgb ink
set label 2 "The fewer the better; all in one Node process, on one file" \
  at screen 0.02, screen 1 - 50.0 / height left tc rgb soft
set key at screen 0.98, screen 1 - 64.0 / height right top horizontal \
  samplen 0.4 width -1 font ",12" tc rgb ink maxrows 1

set logscale x 2
set xtics ("0.1" 0.1, "0.2" 0.2, "0.5" 0.5, "1" 1, "2" 2, "5" 5, "10" 10, \
  "20" 20, "50" 50, "100" 100, "200" 200, "500" 500, "1,000" 1000, \
  "2,000" 2000, "5,000" 5000) scale 0 tc rgb soft
set yrange [n + 0.6:0.4]
set border 0
set ytics scale 0 tc rgb ink
set grid xtics ytics lt 1 lw 1 lc rgb grid

plot data using (1/0):1:ytic(2) with points notitle, \
  for [i = 1:words(names)] data using (column(i + 2)):1 with points pt 7 \
    ps (i == 1 ? 1.3 : 0.95) lc rgb color[i] title word(names, i)
