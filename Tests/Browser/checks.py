"""What a page must keep to for everybody to use it: names, headings, language, contrast, order of the keyboard, width."""

# Contrast as WCAG 2.1 computes it (1.4.3), of every text that is seen against what lies behind it.
CONTRAST = r"""
(() => {
  const parse = (text) => {
    const numbers = (text.match(/[\d.]+/g) || []).map(Number);
    if (text.startsWith("color(srgb")) return [...numbers.slice(0, 3).map((part) => part * 255), numbers[3] ?? 1];
    return numbers.length < 3 ? [0, 0, 0, 0] : [numbers[0], numbers[1], numbers[2], numbers[3] ?? 1];
  };
  const over = (top, below) => [0, 1, 2].map((place) => top[place] * top[3] + below[place] * (1 - top[3])).concat(1);
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const behind = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      if (at instanceof SVGElement && at.tagName === "svg") {
        const sheet = at.querySelector(":scope > rect");
        if (sheet) layers.push(parse(getComputedStyle(sheet).fill));
      }
      if (!(at instanceof SVGElement)) layers.push(parse(getComputedStyle(at).backgroundColor));
      if (layers.length && layers[layers.length - 1][3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), isDark ? [18, 18, 18, 1] : [255, 255, 255, 1]);
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walk.nextNode(); text; text = walk.nextNode()) {
    const node = text.parentElement;
    if (!text.textContent.trim() || node.closest("title, desc, noscript, script, style, .unseen")) continue;
    if (!node.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    if (range.getClientRects().length === 0) continue;
    const style = getComputedStyle(node);
    const back = behind(node);
    const front = over(parse(node instanceof SVGElement ? style.fill : style.color), back);
    const [high, low] = [light(front), light(back)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < needed) found.push(`contrast ${ratio.toFixed(2)} of "${text.textContent.trim().slice(0, 40)}" (${node.tagName} ${node.className?.baseVal ?? node.className})`);
  }
  return [...new Set(found)];
})()
"""

STRUCTURE = r"""
(() => {
  const found = [];
  if (!document.documentElement.lang) found.push("no language");
  if (!document.title.trim()) found.push("no title");
  const seen = (node) => node.checkVisibility({ visibilityProperty: true });
  let level = 0;
  const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(seen);
  if (headings.filter((node) => node.tagName === "H1").length !== 1) found.push("not one h1");
  for (const heading of headings) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) found.push(`h${own} "${heading.textContent}" after h${level}`);
    if (!heading.textContent.trim()) found.push("an empty heading");
    level = own;
  }
  const ids = [...document.querySelectorAll("[id]")].filter((node) => !node.closest("svg")).map((node) => node.id);
  for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place))) found.push(`id ${id} twice`);
  for (const node of document.querySelectorAll("[aria-labelledby], label[for]")) {
    for (const id of (node.getAttribute("aria-labelledby") || node.htmlFor).split(" ")) {
      if (!document.getElementById(id)) found.push(`nothing has the id ${id}`);
    }
  }
  for (const image of document.querySelectorAll("img:not([alt])")) found.push(`no alt: ${image.src}`);
  for (const table of [...document.querySelectorAll("table")].filter(seen)) {
    const name = table.caption?.textContent || table.closest("[aria-label], [aria-labelledby]");
    if (!name) found.push("a table without a name");
    if (!table.querySelector("thead th")) found.push("a table without headings");
    for (const heading of table.querySelectorAll("th:not([scope])")) found.push(`no scope: ${heading.textContent}`);
  }
  if (document.querySelectorAll("main").length !== 1) found.push("not one main");
  for (const button of [...document.querySelectorAll("button, select, summary")].filter(seen)) {
    const box = button.getBoundingClientRect();
    if (box.height < 24 || box.width < 24) found.push(`small: ${button.textContent} ${box.width} x ${box.height}`);
  }
  for (const node of document.querySelectorAll("*")) {
    for (const { name } of node.attributes) if (name.startsWith("on")) found.push(`${name} in the markup`);
  }
  return found;
})()
"""

# Everything that a keyboard must reach, marked with a number.
MARK = r"""
(() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((node) => !node.disabled && node.checkVisibility({ visibilityProperty: true }) && !node.closest("dialog:not([open])"));
  all.forEach((node, place) => { node.dataset.mark = place; });
  document.activeElement?.blur();
  getSelection().removeAllRanges();
  return all.map((node) => `${node.tagName} ${node.textContent.trim().slice(0, 30) || node.id}`);
})()
"""


def names(page):
    """Controls and images without a name, as the browser tells a screen reader."""
    roles = {
        "button", "link", "combobox", "textbox", "checkbox", "image", "img", "progressbar", "ProgressIndicator", "region",
        "dialog", "DisclosureTriangle", "PopUpButton",
    }
    found = []
    for node in page.call("Accessibility.getFullAXTree")["nodes"]:
        if node.get("ignored"):
            continue
        role = node.get("role", {}).get("value")
        focusable = any(p["name"] == "focusable" and p["value"].get("value") for p in node.get("properties", []))
        name = node.get("name", {}).get("value", "").strip()
        if (role in roles or focusable and role not in ("RootWebArea", "heading")) and not name:
            found.append(f"no name: {role} {node.get('description', {}).get('value', '')}")
    return found


def keyboard(page, most=2000):
    """What Tab does not reach, and where it goes back in the order of the page."""
    marked = page.run(MARK)
    reached = []
    for _ in range(min(len(marked) + 5, most)):
        page.press("Tab", number=9)
        at = page.run("document.activeElement?.dataset.mark ?? null")
        if at is not None and int(at) in reached:
            break
        if at is not None:
            reached.append(int(at))
            shown = page.run(
                "(() => { const style = getComputedStyle(document.activeElement);"
                " return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0; })()")
            if not shown:
                return [f"no focus to be seen on {marked[int(at)]}"]
    # What has ended meanwhile is not there any more.
    there = page.run("[...document.querySelectorAll('[data-mark]')].map((node) => Number(node.dataset.mark))")
    missed = [marked[place] for place in there if place not in reached]
    found = [f"Tab does not reach {name}" for name in missed]
    # It may begin where somebody clicked last.
    begin = reached.index(min(reached)) if reached else 0
    if reached[begin:] + reached[:begin] != sorted(reached):
        found.append(f"Tab goes back and forth: {reached}")
    return found


def width(page):
    wide = page.run("[document.scrollingElement.scrollWidth, innerWidth]")
    return [f"{wide[0]} px wide in {wide[1]}"] if wide[0] > wide[1] else []


def all_checks(page, keys=True):
    """Every check at once, in light and in dark."""
    found = page.run(STRUCTURE) + names(page) + width(page)
    for scheme in ["light", "dark"]:
        page.media(prefers_color_scheme=scheme)
        found += [f"{scheme}: {problem}" for problem in page.run(CONTRAST)]
    page.media(prefers_color_scheme="light")
    return found + (keyboard(page) if keys else [])
