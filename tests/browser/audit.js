// What a person with weak sight or a large thumb would stumble over: low contrast and small targets.
// Answers a list of complaints in words. Contrast as WCAG 2.2 counts it: 4.5, or 3 for large text.
return (() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const ground = (node) => {
    const layers = [];
    for (let n = node; n; n = n.parentElement) layers.push(rgba(getComputedStyle(n).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const complaints = [];
  const seen = (node) => node.checkVisibility() && !node.closest(".hidden, .sprite, .skip");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const words = walker.currentNode.textContent.trim();
    if (!words || !seen(node) || node.closest("noscript, button:disabled")) continue;
    texts += 1;
    const style = getComputedStyle(node);
    const below = ground(node);
    const [a, b] = [light(over(rgba(style.color), below)), light(below)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 600);
    if (ratio < (large ? 3 : 4.5)) complaints.push(`"${words}": contrast ${ratio.toFixed(2)}`);
  }
  if (texts < 12) complaints.push(`only ${texts} texts were looked at`);
  for (const button of document.querySelectorAll("button, a[href]:not(.skip)")) {
    if (!seen(button)) continue;
    const box = button.getBoundingClientRect();
    if (box.height < 44 || box.width < 44) complaints.push(`"${button.innerText}": ${box.width} x ${box.height}`);
    if (!button.innerText.trim()) complaints.push(`a button without words: ${button.outerHTML.slice(0, 80)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) complaints.push("the page scrolls sideways");
  for (const svg of document.querySelectorAll("svg")) {
    if (svg.getAttribute("aria-hidden") !== "true") complaints.push("an icon that a screen reader would name");
  }
  return complaints;
})();
