import { session } from '../state/app.js';
import { useStore } from '../lib/hooks.js';
import { t } from '../lib/i18n.js';
import { LinkButton } from '../components/button.jsx';
import { Icon } from '../components/icon.jsx';
import { Page } from '../components/page.jsx';
import { TryNow } from '../components/try-now.jsx';
import hero from '../images/hero.svg';


export function LoginPage() {
    const { user } = useStore(session);

    return (
        <Page title={t('login.title')} lead={t('login.lead')} wide>
            <div class="tiles tiles--login">
                <section class="tile tile--learn" aria-labelledby="try">
                    <h2 id="try">{t('login.tryTitle')}</h2>
                    <ul class="ticks">
                        {[1, 2, 3].map((n) => (
                            <li key={n}><Icon name="check" />
                                {t(`login.tryPoint${n}`)}</li>
                        ))}
                    </ul>
                    {user ? (
                        <LinkButton kind="main big" to="/projects"
                                    iconAfter="forward">
                            {t('start.goOn')}
                        </LinkButton>
                    ) : <TryNow />}
                </section>
                <section class="tile" aria-labelledby="school">
                    <h2 id="school">{t('login.schoolTitle')}</h2>
                    <p>{t('login.schoolText')}</p>
                    <p>{t('login.schoolNow')}</p>
                </section>
                <img class="tiles__picture" src={hero} alt="" width="560"
                     height="420" />
            </div>
        </Page>
    );
}
