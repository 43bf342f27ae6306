// Whether the stop can be pressed now, wherever somebody has scrolled to; "" or what is in the way.
return (() => {
  const stop = document.getElementById("stop");
  if (!stop) return "there is no stop";
  const { left, top, width, height } = stop.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return `the stop is out of sight, at ${x}, ${y}`;
  const there = document.elementFromPoint(x, y);
  return stop.contains(there) ? "" : `the stop is covered by ${there?.outerHTML.slice(0, 120)}`;
})();
