// A headless Chromium with pages that remember what went wrong in them.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];
const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const NOT_INSTALLED = 3;

function find() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const path of NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

function missing(what) {
  console.log(`Not installed: ${what}`);
  process.exit(NOT_INSTALLED);
}

export async function openBrowser(pictures) {
  const executablePath = find() ?? missing('a Chromium; `apt-get install chromium`');
  const playwright = await import('playwright-core')
    .catch(() => missing('playwright-core; `npm ci` in tests/browser'));
  const options = { executablePath, headless: true, args: ARGUMENTS };
  return new Browser(await playwright.chromium.launch(options), pictures);
}

class Browser {
  #chromium;
  #pictures;

  constructor(chromium, pictures) {
    this.#chromium = chromium;
    this.#pictures = pictures;
  }

  /** A page in a context of its own. `scheme` is `light` or `dark`. */
  async page({ width = 1280, scheme = 'light', script = true } = {}) {
    const context = await this.#chromium.newContext({
      viewport: { width, height: width < 600 ? 780 : 900 },
      colorScheme: scheme,
      locale: 'pt-BR',
      javaScriptEnabled: script,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    const faults = [];
    // Refusals by the content security policy arrive here too, as errors of the console.
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(String(error)));
    return Object.assign(page, { faults, done: () => context.close() });
  }

  picture(page, name) {
    return page.screenshot({ path: join(this.#pictures, `${name}.png`), fullPage: true });
  }

  close() {
    return this.#chromium.close();
  }
}
