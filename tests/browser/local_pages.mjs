// The pages of the local runner: start, bank, exceptions, mail, a message, clock.

import { payKey } from './bank.mjs';
import { isReadable, looksSound } from './looks.mjs';
import { equal, expect } from './report.mjs';

const PAGES = [['start', '/'], ['bank', '/_local/bank'],
  ['exceptions', '/_local/exceptions'], ['mail', '/_local/mail'],
  ['message', '/_local/mail/1'], ['clock', '/_local/clock']];

export async function localPages(report, browser, local) {
  await report.check('a payment that names nobody waits on the page of exceptions', async () => {
    await payKey(browser, local, '250,00');
    await waits(browser, local, 'R$ 250.00');
  });
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

async function waits(browser, local, amount) {
  const page = await browser.page();
  await page.goto(`${local.url}/_local/clock`);
  await page.getByRole('button', { name: '1 hour', exact: true }).click();
  await page.waitForSelector('.said');
  await page.goto(`${local.url}/_local/exceptions`);
  const waiting = await page.locator('article.charge').allTextContents();
  expect(waiting.some((text) => text.includes(amount)), `no exception of ${amount}`);
  const [debit, credit] = await page.locator('tr:last-child td.num').allTextContents();
  equal(debit, credit, 'sums of the trial balance');
  expect(debit.startsWith('R$ '), `a sum: ${debit}`);
  await page.locator('summary').first().click();
  await browser.picture(page, 'local-exceptions-1280-open');
  await page.done();
}
