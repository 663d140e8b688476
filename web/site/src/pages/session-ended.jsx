import { t } from '../lib/i18n.js';
import { Page } from '../components/page.jsx';
import { TryNow } from '../components/try-now.jsx';
import clock from '../images/clock.svg';


export function SessionEndedPage() {
    return (
        <Page title={t('ended.title')} lead={t('ended.lead')}>
            <img class="picture" src={clock} alt="" width="240" height="200" />
            <p>{t('ended.text')}</p>
            <div class="actions"><TryNow /></div>
        </Page>
    );
}
