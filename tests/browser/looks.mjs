// What must be true of every page, however it looks: no faults, nothing cut off, readable, named.

import { equal, expect } from './report.mjs';

/** Contrast of normal text. Source: WCAG 2.2, success criterion 1.4.3. */
const CONTRAST_MIN = 4.5;

export async function looksSound(page) {
  equal(page.faults.join('\n'), '', 'faults in the console');
  const wide = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  expect(wide <= 0, `the page is ${wide} px wider than the window`);
  const nameless = await page.evaluate(() => {
    const label = (node) => node.getAttribute('aria-label') || node.title || node.alt;
    const named = (node) => node.textContent.trim() || label(node);
    const all = [...document.querySelectorAll('a, button, img, svg:not([aria-hidden])')];
    return all.filter((node) => !named(node)).map((node) => node.outerHTML.slice(0, 120));
  });
  equal(nameless.join('\n'), '', 'controls and pictures without a name');
}

/** Every text against the ground it stands on. */
export async function isReadable(page) {
  const pale = await page.evaluate((least) => {
    const numbers = (text) => text.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
      const part = (value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      };
      return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const ground = (node) => {
      for (let at = node; at; at = at.parentElement) {
        const colour = numbers(getComputedStyle(at).backgroundColor);
        if (colour.length === 3 || colour[3] > 0) return colour;
      }
      return [255, 255, 255];
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const node = walker.currentNode.parentElement;
      const isText = walker.currentNode.data.trim() && !node.closest('script, .sr');
      if (!isText || !node.checkVisibility()) continue;
      const [a, b] = [light(numbers(getComputedStyle(node).color)), light(ground(node))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < least) found.push(`${contrast.toFixed(2)}: ${walker.currentNode.data.trim()}`);
    }
    return found;
  }, CONTRAST_MIN);
  equal(pale.join('\n'), '', `texts with less contrast than ${CONTRAST_MIN}`);
}
