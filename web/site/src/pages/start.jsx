import { session } from '../state/app.js';
import { useStore } from '../lib/hooks.js';
import { t } from '../lib/i18n.js';
import { LinkButton } from '../components/button.jsx';
import { Icon } from '../components/icon.jsx';
import { STEPS } from '../components/steps.jsx';
import hero from '../images/hero.svg';


export function StartPage() {
    const { user } = useStore(session);

    return (
        <div class="start">
            <section class="hero">
                <div class="hero__text">
                    <h1 tabIndex="-1">{t('start.title')}</h1>
                    <p class="lead">{t('start.lead')}</p>
                    <div class="actions">
                        {user ? (
                            <LinkButton kind="main big" to="/projects"
                                        iconAfter="forward">
                                {t('start.goOn')}
                            </LinkButton>
                        ) : (
                            <LinkButton kind="main big" to="/login"
                                        iconAfter="forward" data-test="start">
                                {t('start.begin')}
                            </LinkButton>
                        )}
                    </div>
                    <p class="small">{t('start.free')}</p>
                </div>
                <img class="hero__picture" src={hero} alt="" width="560"
                     height="420" />
            </section>
            <section aria-labelledby="how">
                <h2 id="how">{t('start.how')}</h2>
                <ol class="tiles tiles--three">
                    {STEPS.map(({ id }, index) => (
                        <li key={id} class={`tile tile--${id}`}>
                            <span class="tile__icon"><Icon name={id} /></span>
                            <h3>{index + 1}. {t(`steps.${id}`)}</h3>
                            <p>{t(`start.${id}`)}</p>
                        </li>
                    ))}
                </ol>
            </section>
            <section class="card" aria-labelledby="ideas">
                <h2 id="ideas">{t('start.ideas')}</h2>
                <ul class="ticks">
                    {[1, 2, 3].map((n) => (
                        <li key={n}><Icon name="check" />
                            {t(`start.idea${n}`)}</li>
                    ))}
                </ul>
            </section>
        </div>
    );
}
