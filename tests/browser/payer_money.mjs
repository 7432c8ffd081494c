// The payer's page when money does not come as asked, or less is owed than agreed: a part, too much,
// money that the bank takes back, a debt that is credited or written off.

import { pay, takeBack } from './bank.mjs';
import { dayFromToday } from './local.mjs';
import { isReadable, looksSound } from './looks.mjs';
import { equal, expect } from './report.mjs';

/** Longest the page may take to show a change: one round of its slowest polling, and a render. */
const NOTICE_MS = 15_000;

export async function payerMoney(report, browser, local) {
  const customer = await local.customer({ document: '34.027.916/0001-57' });
  const whole = {
    customer_id: customer.id,
    description: 'Sensores de umidade, 40 unidades',
    amount: '1500.00',
    due_date: dayFromToday(40),
  };
  const invoice = (number) => local.invoice({ ...whole, number });
  for (const [width, lang, rest] of [[1280, 'en', 'R$ 500.00'], [390, 'pt-BR', 'R$ 500,00']]) {
    await report.check(`a part is paid while the page is open, ${width} px, ${lang}`, async () => {
      const page = await opened(browser, await invoice(`NF-part-${width}`), width, lang);
      await paysInParts(browser, local, page, rest, `part-${width}`);
    });
  }
  await report.check('too much is paid: the page is paid, the rest is the customer\'s', async () => {
    await paysTooMuch(browser, local, await invoice('NF-over'));
  });
  await report.check('the bank takes the money back', async () => {
    await isTakenBack(browser, local, await invoice('NF-back'));
  });
  const changes = [
    ['credited', 'credit_note', { amount: '1500.00', reason: 'returned', number: 'NC-1' }],
    ['written_off', 'write_off', { reason: 'lost' }],
  ];
  for (const [state, command, body] of changes) {
    await report.check(`${state} while the page is open`, async () => {
      await endsOtherwise(browser, local, await invoice(`NF-${state}`), { state, command, body });
    });
  }
}

async function opened(browser, invoice, width, lang) {
  const page = await browser.page({ width });
  await page.goto(`${invoice.portal_url}?lang=${lang}`);
  return Object.assign(page, { invoice });
}

async function looksFine(browser, page, name) {
  await looksSound(page);
  await isReadable(page);
  await browser.picture(page, name);
}

async function paysInParts(browser, local, page, rest, name) {
  const [first] = page.invoice.instalments;
  const before = await page.textContent('#code');
  await pay(browser, local, first.charge.txid, '1000.00');
  const shows = (amount) => document.querySelector('.amount')?.textContent === amount;
  await page.waitForFunction(shows, rest, { timeout: NOTICE_MS });
  const fresh = (was) => ![null, was].includes(document.querySelector('#code')?.textContent ?? null);
  await page.waitForFunction(fresh, before, { timeout: NOTICE_MS });
  const now = await local.call('GET', `/v1/invoices/${page.invoice.id}`);
  equal(now.status, 'partially_paid', 'status at the API');
  const [instalment] = now.instalments;
  equal(await page.textContent('#code'), instalment.charge.pix_copia_e_cola, 'code of the rest');
  equal(instalment.amount_due.total, '500.00', 'what is left at the API');
  await looksFine(browser, page, name);
  await pay(browser, local, instalment.charge.txid);
  await page.waitForSelector('#page[data-state=paid]', { timeout: NOTICE_MS });
  await looksFine(browser, page, `${name}-paid`);
  await page.locator('#pay a').first().click();
  await page.waitForSelector('.receipt');
  await looksFine(browser, page, `${name}-receipt`);
  await page.done();
}

async function paysTooMuch(browser, local, invoice) {
  const page = await opened(browser, invoice, 390, 'pt-BR');
  await pay(browser, local, invoice.instalments[0].charge.txid, '1600,00');
  await page.waitForSelector('#page[data-state=paid]', { timeout: NOTICE_MS });
  await looksFine(browser, page, 'over-390');
  const { balance } = await local.call('GET', `/v1/customers/${invoice.customer_id}`);
  equal(balance, '100.00', 'what lies on the customer\'s account');
  await page.done();
}

async function isTakenBack(browser, local, invoice) {
  await pay(browser, local, invoice.instalments[0].charge.txid);
  await local.until(invoice.id, ({ status }) => status === 'paid');
  await takeBack(browser, local);
  const back = await local.until(invoice.id, ({ status }) => status !== 'paid');
  equal(back.outstanding, '1500.00', 'what is owed again');
  const page = await opened(browser, invoice, 390, 'pt-BR');
  equal(await page.locator('#code').count(), 0, 'codes that are spent');
  await looksFine(browser, page, 'taken-back-390');
  await page.done();
}

async function endsOtherwise(browser, local, invoice, { state, command, body }) {
  const page = await opened(browser, invoice, 390, 'pt-BR');
  await local.call('POST', `/v1/invoices/${invoice.id}/instalments/1/${command}`, body);
  await page.waitForSelector(`#page[data-state=${state}]`, { timeout: NOTICE_MS });
  equal(await page.locator('#code').count(), 0, 'codes of what is not owed');
  const now = await local.call('GET', `/v1/invoices/${invoice.id}`);
  equal(now.status, state, 'status at the API');
  const word = await page.textContent('.hero .chip');
  expect(word.length > 0, 'the status has a word');
  await looksFine(browser, page, `${state}-390`);
  await page.done();
}
