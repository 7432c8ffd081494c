(function () {
  'use strict';
  // Limits of asking the server whether something changed.
  var FIRST_WAIT_MS = 2000, WAIT_GROWTH = 1.25, LONGEST_WAIT_MS = 10000, WATCH_MS = 30 * 60 * 1000;
  var COPIED_MS = 2500;
  var page = document.getElementById('page');
  var said = document.getElementById('said');
  var shown = page && page.innerHTML;
  var loaded = performance.now(), started = loaded, wait = FIRST_WAIT_MS, timer = 0, round = 0;

  function each(selector, act) {
    Array.prototype.forEach.call(document.querySelectorAll(selector), act);
  }

  // Buttons that only work with this script appear with it.
  function wire() {
    each('[data-print]', function (button) {
      button.hidden = false;
      button.onclick = function () { window.print(); };
    });
    each('[data-copy]', function (button) {
      button.hidden = false;
      button.onclick = function () { copy(button); };
    });
    each('[data-check]', function (button) { button.onclick = watch; });
    countDown();
  }

  function copy(button) {
    var code = document.getElementById('code'), label = button.textContent;
    function told(ok) {
      var words = ok ? button.dataset.done : button.dataset.failed;
      said.textContent = words;
      button.textContent = words;
      button.classList.toggle('done', ok);
      setTimeout(function () {
        button.textContent = label;
        button.classList.remove('done');
        button.disabled = false;
      }, COPIED_MS);
    }
    button.disabled = true;
    if (navigator.clipboard) {
      navigator.clipboard.writeText(code.textContent).then(
        function () { told(true); },
        function () { told(selectAndCopy(code)); }
      );
    } else {
      told(selectAndCopy(code));
    }
  }

  function selectAndCopy(node) {
    var range = document.createRange(), selection = window.getSelection();
    range.selectNodeContents(node);
    selection.removeAllRanges();
    selection.addRange(range);
    try { return document.execCommand('copy'); } catch (error) { return false; }
  }

  function dayLeft() {
    return Number(page.dataset.dayEnds) - (performance.now() - loaded) / 1000;
  }

  function countDown() {
    if (!page) return;
    var minutes = Math.floor(dayLeft() / 60);
    each('.left', function (node) {
      var words = minutes >= 60 ? node.dataset.hours : node.dataset.minutes;
      words = words.replace('{h}', Math.floor(minutes / 60)).replace('{m}', minutes % 60);
      node.textContent = minutes >= 0 ? words : '';
    });
  }

  function ask(url, as) {
    return fetch(url, { cache: 'no-store' }).then(function (answer) {
      if (!answer.ok) throw new Error('HTTP ' + answer.status);
      return answer[as]();
    });
  }

  // The server renders every state; the page takes over what it would show now.
  function renew() {
    return ask(page.dataset.pageUrl, 'text').then(function (text) {
      var fresh = new DOMParser().parseFromString(text, 'text/html');
      var next = fresh.getElementById('page');
      if (!next) return;
      var html = next.innerHTML, before = page.dataset.state, state = next.dataset.state;
      loaded = performance.now();
      Object.keys(next.dataset).forEach(function (key) { page.dataset[key] = next.dataset[key]; });
      if (html === shown) return;
      var focused = page.contains(document.activeElement);
      page.replaceChildren.apply(page, Array.prototype.slice.call(next.childNodes));
      shown = html;
      document.title = fresh.title;
      wire();
      if (before === state) return;
      said.textContent = page.dataset.said;
      var heading = document.getElementById('pay-title');
      if (focused) heading.focus();
      heading.scrollIntoView({ block: 'nearest' });
    });
  }

  function poll(mine) {
    ask(page.dataset.statusUrl, 'json').then(function (now) {
      if (String(now.version) !== page.dataset.version || dayLeft() <= 0) return renew();
    }).catch(function () {
      // The connection may be gone for a while; the next round asks again.
    }).then(function () {
      if (mine === round) schedule();
    });
  }

  function schedule() {
    var live = page.dataset.live === 'yes', tired = performance.now() - started > WATCH_MS;
    each('[data-waiting]', function (node) { node.hidden = tired; });
    each('[data-paused]', function (node) { node.hidden = !tired; });
    if (!live || tired || document.hidden) return;
    timer = setTimeout(poll, wait, round);
    wait = Math.min(wait * WAIT_GROWTH, LONGEST_WAIT_MS);
  }

  function stop() {
    clearTimeout(timer);
    round += 1;
  }

  // Starts over: after a pause the whole page is asked for, since the day may have changed.
  function watch() {
    stop();
    started = performance.now();
    wait = FIRST_WAIT_MS;
    var mine = round;
    renew().catch(function () {}).then(function () { if (mine === round) schedule(); });
  }

  wire();
  if (!page) return;
  setInterval(countDown, 20000);
  document.addEventListener('visibilitychange', function () {
    if (document.hidden) stop(); else if (page.dataset.live === 'yes') watch();
  });
  window.addEventListener('pageshow', function (event) { if (event.persisted) watch(); });
  schedule();
})();
