// Pages that are only words.

import { t } from '../lib/i18n.js';
import { LinkButton } from '../components/button.jsx';
import { Page } from '../components/page.jsx';
import lost from '../images/lost.svg';


export function AboutPage() {
    return (
        <Page title={t('about.title')} lead={t('about.lead')}>
            {['what', 'private', 'adults', 'who'].map((part) => (
                <section key={part} class="card">
                    <h2>{t(`about.${part}Title`)}</h2>
                    <p>{t(`about.${part}`)}</p>
                </section>
            ))}
        </Page>
    );
}


export function HelpPage() {
    return (
        <Page title={t('help.title')} lead={t('help.lead')}>
            {['start', 'examples', 'wrong', 'unsure', 'gone', 'delete']
                .map((part) => (
                    <details key={part} class="card question">
                        <summary><h2>{t(`help.${part}Title`)}</h2></summary>
                        <p>{t(`help.${part}`)}</p>
                    </details>
                ))}
        </Page>
    );
}


function Picture() {
    return <img class="picture" src={lost} alt="" width="260" height="200" />;
}


export function NotFoundPage() {
    return (
        <Page title={t('notFound.title')} lead={t('notFound.lead')}>
            <Picture />
            <LinkButton kind="main" to="/">{t('notFound.home')}</LinkButton>
        </Page>
    );
}


// Addresses that exist elsewhere and will here.
export function NotYetPage() {
    return (
        <Page title={t('notYet.title')} lead={t('notYet.lead')}>
            <Picture />
            <LinkButton kind="main" to="/">{t('notFound.home')}</LinkButton>
        </Page>
    );
}
