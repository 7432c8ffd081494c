// What a browser must not do with these pages.

import { dayFromToday } from './local.mjs';
import { isReadable, looksSound } from './looks.mjs';
import { equal, expect } from './report.mjs';

export async function guards(report, browser, local) {
  await report.check('an address that leads nowhere says so, kindly', async () => {
    const page = await browser.page({ width: 390 });
    const answer = await page.goto(`${local.url}/p/mer_local.01JD5X2B9QKZ3V7M8N4P6R0STW.AAAA`);
    equal(answer.status(), 404, 'status');
    equal(await page.textContent('h1'), 'Esta página não existe', 'heading');
    // A browser always logs the status itself.
    page.faults.length = 0;
    await looksSound(page);
    await isReadable(page);
    await browser.picture(page, 'nowhere-390');
    await page.done();
  });
  await report.check('markup in an invoice stays text, a foreign script is refused', async () => {
    const evil = '<img src=x onerror="window.evil=1"><script>window.evil=1</script>';
    const customer = await local.customer({ name: evil, document: '11.222.333/0001-81' });
    const fields = { customer_id: customer.id, number: evil.slice(0, 30), description: evil };
    const due = { amount: '10.00', due_date: dayFromToday(90) };
    const invoice = await local.invoice({ ...fields, ...due });
    const page = await browser.page({ width: 390 });
    await page.goto(invoice.portal_url);
    await looksSound(page);
    expect((await page.textContent('#page')).includes(evil), 'the text is shown as it is');
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.evil=1';
      document.body.append(script);
    });
    equal(await page.evaluate(() => window.evil), undefined, 'what an injected script would leave');
    const refused = page.faults.some((fault) => fault.includes('Content Security Policy'));
    expect(refused, 'the refusal is logged');
    await browser.picture(page, 'markup-390');
    await page.done();
  });
  await report.check('another site cannot frame the page', async () => {
    const { items } = await local.call('GET', '/v1/invoices?limit=1');
    const page = await browser.page();
    await page.setContent(`<iframe src="${items[0].portal_url}"></iframe>`);
    await page.waitForTimeout(500);
    const framed = await page.frames().at(-1).locator('#page').count();
    equal(framed, 0, 'framed pages');
    await page.done();
  });
}
