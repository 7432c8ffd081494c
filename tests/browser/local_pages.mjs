// The pages of the local runner: start, bank, mail, a message, clock.

import { isReadable, looksSound } from './looks.mjs';
import { equal } from './report.mjs';

const PAGES = [['start', '/'], ['bank', '/_local/bank'], ['mail', '/_local/mail'],
  ['message', '/_local/mail/1'], ['clock', '/_local/clock']];

export async function localPages(report, browser, local) {
  for (const [name, path] of PAGES) {
    for (const [width, scheme] of [[1280, 'light'], [390, 'light'], [390, 'dark']]) {
      await report.check(`${name} page, ${width} px, ${scheme}`, async () => {
        const page = await browser.page({ width, scheme });
        const answer = await page.goto(`${local.url}${path}`);
        equal(answer.status(), 200, 'status');
        await browser.picture(page, `local-${name}-${width}-${scheme}`);
        await looksSound(page);
        await isReadable(page);
        await page.done();
      });
    }
  }
}
