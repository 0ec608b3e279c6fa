// A little help for the forms: words survive a lost connection, large files are told before they are sent, and the place can be
// given by a button. Without this script the pages work all the same.
'use strict';
(() => {
  const kept = (form) => `daak.draft.${form.dataset.draft}.${location.pathname}`;
  const fields = (form) => [...form.elements].filter((f) => f.name && f.name !== 'form' && !['file', 'submit', 'button'].includes(f.type));
  const part = (form, name) => form.querySelector(`[data-part=${name}]`);

  for (const done of document.querySelectorAll('[data-draft-done]'))
    for (const name of Object.keys(localStorage)) if (name.startsWith(`daak.draft.${done.dataset.draftDone}.`)) localStorage.removeItem(name);

  for (const form of document.querySelectorAll('form[data-draft]')) {
    // What the server gave back is newer than what lies here.
    const told = document.querySelector('.wrong');
    let draft;
    try {
      draft = JSON.parse(localStorage.getItem(kept(form)) ?? 'null');
    } catch {
      draft = null;
    }
    if (draft && !told)
      for (const field of fields(form)) {
        if (!(field.name in draft) || field.name === 'district') continue;
        if (field.type === 'checkbox') field.checked = draft[field.name];
        else field.value = draft[field.name];
      }
    const keep = () => {
      const words = Object.fromEntries(fields(form).map((f) => [f.name, f.type === 'checkbox' ? f.checked : f.value]));
      try {
        localStorage.setItem(kept(form), JSON.stringify(words));
        const line = part(form, 'kept');
        if (line && line.textContent !== form.dataset.kept) line.textContent = form.dataset.kept;
      } catch {
        // No room, or not allowed: the form works without.
      }
    };
    form.addEventListener('input', keep);
    form.addEventListener('change', ({ target }) => {
      if (target.type !== 'file') return;
      const size = [...form.querySelectorAll('input[type=file]')].flatMap((f) => [...f.files]).reduce((sum, file) => sum + file.size, 0);
      target.setCustomValidity(size > Number(form.dataset.most) ? form.dataset.large : '');
      target.reportValidity();
    });
    const here = part(form, 'here');
    if (here && navigator.geolocation) {
      here.hidden = false;
      here.querySelector('button').addEventListener('click', () =>
        navigator.geolocation.getCurrentPosition(({ coords }) => {
          form.elements.lat.value = coords.latitude.toFixed(5);
          form.elements.lon.value = coords.longitude.toFixed(5);
          here.querySelector('[role=status]').textContent = form.dataset.here;
          keep();
        }),
      );
    }
  }
  document.getElementById('wrong')?.focus();
})();
