// What axe does not look at: thumbs are wide, and a page that scrolls sideways hides what is beside it.
// Answers a list of complaints in words; none when all is well.
return (() => {
  const complaints = [];
  const seen = (node) => node.checkVisibility() && !node.closest(".hidden, .sprite, .skip");
  for (const button of document.querySelectorAll("button, summary, select, a[href]:not(.skip)")) {
    if (!seen(button)) continue;
    const inText = button.matches("p a, li a, td a, dd a, label a") && !button.matches(".btn"); // WCAG's own exception
    const box = button.getBoundingClientRect();
    const least = inText ? 24 : 43.5; // a border of a zoomed page is drawn in whole pixels
    if (box.height < least || box.width < least) complaints.push(`"${button.innerText || button.name}": ${Math.round(box.width)} x ${Math.round(box.height)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) {
    const widest = [...document.querySelectorAll("main *, header *, footer *")].find((node) => node.getBoundingClientRect().right > innerWidth + 1 && seen(node));
    complaints.push(`the page scrolls sideways: ${widest?.outerHTML.slice(0, 120)}`);
  }
  return complaints;
})();
