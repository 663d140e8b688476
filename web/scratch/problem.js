/* What the page shows over the editor: loading, problems, help. */

import { hasText, text } from './texts.js';

const loading = document.getElementById('loading');
const loadingText = document.getElementById('loading-text');
const problem = document.getElementById('problem');
const banners = document.getElementById('banners');

const closedBanners = new Set();


export function showLoading(name) {
    loadingText.textContent = text(name);
    loading.hidden = false;
}


export function hideLoading() {
    loading.hidden = true;
}


function addButton(place, { name, first, href, onClick }) {
    const button = document.createElement(href ? 'a' : 'button');

    button.textContent = text(name);
    button.className = first ? 'first' : 'second';

    if (href) {
        button.href = href;
    } else {
        button.type = 'button';
        button.addEventListener('click', onClick);
    }

    place.append(button);
    return button;
}


/*
 * Shows what is wrong: texts name + 'Title' and name.  actions are names of
 * texts of buttons; resolves to the one that was pressed.
 */
export function showProblem(name, actions, values) {
    const buttons = document.getElementById('problem-buttons');

    hideLoading();

    document.getElementById('problem-title').textContent
        = text(name + 'Title');
    document.getElementById('problem-text').textContent = text(name, values);
    buttons.replaceChildren();
    problem.dataset.problem = name;

    return new Promise((resolve) => {
        actions.forEach((action, i) => {
            if (action === 'backToSite') {
                addButton(buttons, {
                    name: action, first: i === 0, href: '/#!/projects'
                });
                return;
            }
            addButton(buttons, {
                name: action,
                first: i === 0,
                onClick: () => {
                    problem.close();
                    resolve(action);
                }
            });
        });

        /* Escape means the last, mildest button where there is one */
        problem.oncancel = (event) => {
            const last = actions[actions.length - 1];

            if (last === 'backToSite') {
                event.preventDefault();
                return;
            }
            resolve(last);
        };

        problem.showModal();
    });
}


/*
 * Shows a help text until it is closed, once a visit: blocks in a loop ask
 * for it many times a second.
 */
export function showBanner(name) {
    if (!hasText(name) || !hasText(name + '-title')
        || closedBanners.has(name))
    {
        return;
    }

    closedBanners.add(name);
    addBanner(name, text(name + '-title'), text(name));
}


export function addBanner(name, title, message) {
    const banner = document.createElement('section');
    const words = document.createElement('div');
    const heading = document.createElement('h2');
    const paragraph = document.createElement('p');

    banner.className = 'banner';
    banner.dataset.help = name;
    heading.textContent = title;
    paragraph.textContent = message;
    words.append(heading, paragraph);
    banner.append(words);

    addButton(banner, {
        name: 'close', onClick: () => banner.remove()
    });

    banners.append(banner);
}
